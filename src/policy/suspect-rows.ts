import { traitsOf } from "../request/request.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import { type PlacedRule, placedRules } from "./placed-rules.ts";
import type { NodePolicy, Registry } from "./policy.ts";

/** Rules that let out more rows of a table than others do, and do not say that they mean to; one sentence each. */
export function* suspectRows(registry: Registry): Iterable<string> {
  const placed = [...placedRules(registry)];
  const narrowed = narrowedTables(placed);
  for (const { path, policy } of placed) yield* wideRelations(policy, narrowed, path);
  yield* wideRules(
    placed.filter(({ method, policy }) => traitsOf(method).action === "read" && policy.selects),
  );
  yield* wideRules(placed.filter(({ method }) => CHANGES.has(traitsOf(method).action)));
}

const CHANGES: ReadonlySet<string> = new Set(["update", "delete"]);

/** Whether a rule says which rows there are: by a filter, by a parent, or because it stands under what its table says. */
const narrows = ({ using, parents, facts, unrestricted }: NodePolicy): boolean =>
  using !== undefined || parents.length > 0 || (facts?.where !== undefined && !unrestricted);

/** The tables of which every rule that reads them by a resource narrows its rows, each with one of its resources. */
function narrowedTables(placed: readonly PlacedRule[]): ReadonlyMap<TableInfo, string> {
  const resources = new Map<TableInfo, string>();
  const wide = new Set<TableInfo>();
  for (const { method, policy } of placed) {
    if (method !== "GET" || !policy.selects) continue;
    if (!narrows(policy)) wide.add(policy.table);
    if (!resources.has(policy.table)) resources.set(policy.table, policy.resource);
  }
  return new Map([...resources].filter(([table]) => !wide.has(table)));
}

function* wideRelations(
  { relations }: NodePolicy,
  narrowed: ReadonlyMap<TableInfo, string>,
  path: string,
): Iterable<string> {
  for (const [name, relation] of relations) {
    const here = `${path}.with.${name}`;
    const resource = narrowed.get(relation.table);
    const letsOut = relation.readable.size + relation.extras.size > 0;
    if (resource !== undefined && letsOut && !narrows(relation) && !relation.unrestricted)
      yield `${here}: every rule of \`${resource}\` says which rows there are, and this one lets out all; name the resource, as in \`${name}: "${resource}"\``;
    yield* wideRelations(relation, narrowed, here);
  }
}

/** A column that says whose a row is, where several customers share a table. */
const TENANT = /^(?:org|organi[sz]ation|tenant|workspace|company|team|account)(?:_?(?:id|key|slug))?$/i;
/** Roles that see what is of all customers. */
const ABOVE = /admin|root|super|system|staff|support|internal/i;

/** Rules over one table, of which some narrow its rows and others do not, though its rows seem to be of customers. */
function* wideRules(placed: readonly PlacedRule[]): Iterable<string> {
  const byTable = new Map<TableInfo, PlacedRule[]>();
  for (const rule of placed)
    if (rule.role !== "mine" && !ABOVE.test(rule.role) && !rule.policy.unrestricted)
      byTable.set(rule.policy.table, [...(byTable.get(rule.policy.table) ?? []), rule]);
  for (const [table, rules] of byTable) {
    const wide = rules.filter(({ policy }) => !narrows(policy));
    const column = wide.length < rules.length ? tenantOf(table) : undefined;
    if (column === undefined) continue;
    for (const { path } of wide)
      yield `${path}: \`${column.name}\` seems to say whose a row is, and other rules over ${table.name} have a \`where\`; say it once, in tables.${table.name}.where`;
  }
}

const tenantOf = ({ columns }: TableInfo): ColumnInfo | undefined =>
  [...columns.values()].find(({ name, primary }) => !primary && TENANT.test(name));
