import type { QueryRouteOptions } from "@bepalo/query";
import { keysIn } from "../support/keyed.ts";

const free = { select: true, write: true };
const pause = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 2));

/** Orders that are written under keys of one caller, under rules with and without a hook that waits. */
export const keyedOptions = (
  schema: Record<string, unknown>,
): Pick<QueryRouteOptions, "acl" | "idempotency"> => ({
  acl: {
    orders: { table: "order", control: { GET: { all: free }, POST: { all: free }, PATCH: { all: free } } },
    slow: { table: "order", control: { POST: { all: { ...free, beforeQuery: pause, afterQuery: pause } } } },
  },
  ...keysIn(schema, { caller: () => "ada" }),
});
