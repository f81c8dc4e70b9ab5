import { isThenable } from "../clock.ts";
import type { AuthorFunction, Policy } from "../policy/policy.ts";
import type { Context } from "./context.ts";
import type { Later } from "../clock.ts";
import { together } from "./later.ts";

/** What the functions of a table make of columns of one new row. */
export type SetRow = Readonly<Record<string, unknown>>;

/** Whether functions of the table make values of new rows under a rule. */
export const hasSet = ({ facts, unrestricted }: Policy): boolean =>
  facts !== undefined && !unrestricted && facts.set.size > 0;

/**
 * What the functions of a table make of so many new rows, each asked once for each row; at once where none of them is
 * waited for.
 */
export function makeSet({ facts }: Policy, count: number, context: Context): Later<readonly SetRow[]> {
  const makers = [...facts!.set];
  const asked = Array.from({ length: count }, () =>
    together(
      makers.map(([, make]) => ask(make, context)),
      (values) => Object.fromEntries(makers.map(([name], index) => [name, values[index]])),
    ),
  );
  return together(asked, (rows) => rows);
}

/** Asks one of them. It never throws, since that would leave the promises of the others behind. */
function ask(make: AuthorFunction, context: Context): unknown {
  try {
    const value: unknown = make(context);
    return isThenable(value) ? Promise.resolve(value) : value;
  } catch (error) {
    return Promise.reject(error);
  }
}
