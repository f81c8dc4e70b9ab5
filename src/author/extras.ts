import { is, SQL } from "drizzle-orm";
import { isThenable } from "../clock.ts";
import { withoutMissing } from "../drizzle/drizzle.ts";
import { internalError } from "../error.ts";
import type { ReadNode } from "../plan/plan.ts";
import { type AuthorFunction, captured, spanOf } from "../policy/policy.ts";
import type { TableInfo } from "../schema/schema.ts";
import { operators } from "./admit.ts";
import { type Context, under } from "./context.ts";

/** Computed fields by name. */
type Extras = ReadonlyMap<string, SQL.Aliased>;

/** The computed fields of the nodes of a plan that know the caller, by the nodes' places. */
export type AskedExtras = ReadonlyMap<number, Extras>;

/** Asks for the computed fields that know the caller, of the nodes that want some. */
export async function askExtras(nodes: readonly ReadNode[], context: Context): Promise<AskedExtras> {
  const asked = new Map<number, Extras>();
  for (const { index, extras, secured } of nodes) {
    const { policy } = secured;
    const { askedExtras, table, path } = policy;
    const found = new Map<string, SQL.Aliased>();
    for (const [name, make] of askedExtras)
      if (extras.has(name))
        found.set(name, await ask(make, name, table, under(policy, context), `${path}.extras.${name}`));
    if (found.size > 0) asked.set(index, found);
  }
  return asked;
}

async function ask(
  make: AuthorFunction,
  name: string,
  table: TableInfo,
  context: Context,
  path: string,
): Promise<SQL.Aliased> {
  const answer: unknown = make(context, table.table, operators);
  const value: unknown = isThenable(answer) ? await answer : answer;
  const given = is(value, SQL.Aliased) ? value.sql : value;
  if (!is(given, SQL)) throw internalError(new TypeError(`${path}: a computed field answers SQL`));
  const { query } = withoutMissing(given);
  const mistake =
    spanOf(query) === "row"
      ? captured(query, table)
      : "it speaks of several rows, which only a field that is the same for all callers may do";
  if (mistake !== undefined) throw internalError(new TypeError(`${path}: ${mistake}`));
  return new SQL.Aliased(query, name);
}
