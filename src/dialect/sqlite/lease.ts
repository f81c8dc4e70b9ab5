import type { Database } from "../contract.ts";
import type { SyncDriver } from "./driver.ts";

/** Whether a transaction still runs. A hook that comes back too late must not write on the connection they all share. */
export interface Lease {
  open: boolean;
}

export const ended = (): Error => new Error("the transaction has ended");

/** A Drizzle transaction that works while the lease is open. */
export function leasedTransaction(driver: SyncDriver, lease: Lease): Database {
  const transaction = driver.transaction(leased(driver.client, lease));
  Object.assign(transaction.session, { lease });
  return transaction;
}

/** An object that works while the lease is open, and whose statements do. */
function leased<T extends object>(target: T, lease: Lease): T {
  return new Proxy(target, {
    get(_, key) {
      if (!lease.open) throw ended();
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...parameters: unknown[]) => {
        if (!lease.open) throw ended();
        const answer: unknown = value.apply(target, parameters);
        return key === "prepare" || key === "query" ? leased(answer as object, lease) : answer;
      };
    },
  });
}
