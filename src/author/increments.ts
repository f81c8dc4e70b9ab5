import { invalidValue } from "../error.ts";
import type { Policy } from "../policy/policy.ts";
import { type Increment, isIncrement, isNumber, readIncrement } from "../schema/schema.ts";

/** What is added to columns, by name. */
export type Increments = ReadonlyMap<string, Increment>;

/**
 * Takes out of a change what is added to columns that hold numbers: neither a validator nor `injectBody` sees it, and
 * what one of them gives such a column counts in its place. In other columns it is a value as any other.
 *
 * @throws QueryError `invalid-value` where nothing may be added, or what is no number.
 */
export function takeIncrements(
  policy: Policy,
  sent: unknown,
): { readonly rest: unknown; readonly increments: Increments | undefined } {
  if (typeof sent !== "object" || sent === null || Array.isArray(sent))
    return { rest: sent, increments: undefined };
  let increments: Map<string, Increment> | undefined;
  for (const name of Object.keys(sent)) {
    const value = (sent as Readonly<Record<string, unknown>>)[name];
    const column = isIncrement(value) ? policy.writable.get(name) : undefined;
    if (column === undefined || !isNumber(column)) continue;
    refuseBlind(policy, name);
    increments ??= new Map();
    increments.set(name, readIncrement(column, value as object as Record<string, unknown>, name));
  }
  if (increments === undefined) return { rest: sent, increments };
  const added = increments;
  const rest = Object.fromEntries(Object.entries(sent).filter(([name]) => !added.has(name)));
  return { rest, increments };
}

/**
 * Whether a sum fits tells of the value before, so who adds to it may read it. A validator may be all that keeps a client
 * from a column, and does not see what is added: there `write` has to say that the column is his.
 */
function refuseBlind({ readable, writes, validateBody }: Policy, name: string): void {
  if (!readable.has(name))
    throw invalidValue(`nothing can be added to \`${name}\``, name, "its value is not yours to read: set it");
  if (validateBody !== undefined && !writes)
    throw invalidValue(
      `nothing can be added to \`${name}\``,
      name,
      "a validator does not see what is added: the rule's `write` has to name the column",
    );
}

/** A change with what is added, but for what its author has given. `columns` hears of it. */
export function withIncrements(
  row: Record<string, unknown>,
  increments: Increments,
  columns: Set<string> | undefined,
): Record<string, unknown> {
  const own = [...increments].filter(([name]) => !Object.hasOwn(row, name));
  for (const [name] of own) columns?.add(name);
  return { ...row, ...Object.fromEntries(own) };
}
