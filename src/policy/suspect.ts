import { getTableUniqueName } from "drizzle-orm";
import { type Method, traitsOf } from "../request/request.ts";
import type { Catalog, TableInfo } from "../schema/schema.ts";
import { captured } from "./name-capture.ts";
import { placedRules } from "./placed-rules.ts";
import type { NodePolicy, Policy, Registry, RelationPolicy } from "./policy.ts";
import { looksSecret } from "./secret.ts";
import { suspectAggregates } from "./suspect-aggregates.ts";
import { suspectClock } from "./suspect-clock.ts";
import { suspectDefault } from "./suspect-default.ts";
import { suspectMasks } from "./suspect-masks.ts";
import { suspectNames } from "./suspect-names.ts";
import { suspectRows } from "./suspect-rows.ts";

/**
 * What is legal in an access-control file and yet looks like an oversight, one sentence each with its path. An author
 * who means it says so: with a `check`, a validator, a column choice, a number. `refers`: whether the database keeps
 * references.
 */
export function suspicions(registry: Registry, catalog: Catalog, refers: boolean): readonly string[] {
  const found = new Set<string>(hiddenNames(catalog));
  if (!refers && writes(registry) && hasReferences(catalog)) found.add(DANGLING);
  for (const table of tablesOf(registry)) for (const sentence of defaults(table)) found.add(sentence);
  for (const { path, method, role, policy } of placedRules(registry)) {
    for (const sentence of suspect(method, role, policy)) found.add(`${path}${sentence}`);
  }
  for (const sentence of suspectRows(registry)) found.add(sentence);
  return [...found];
}

const DANGLING =
  "database: `pragma foreign_keys` is off, so rows may refer to others that are not there; run `pragma foreign_keys = on` on the connection";

const writes = (registry: Registry): boolean =>
  [...placedRules(registry)].some(({ method }) => traitsOf(method).writes);

const hasReferences = (catalog: Catalog): boolean =>
  [...catalog.values()].some(({ columns }) => [...columns.values()].some(({ foreign }) => foreign));

/** Every table that some rule is about, in relations too. */
function tablesOf(registry: Registry): ReadonlySet<TableInfo> {
  const tables = new Set<TableInfo>();
  const visit = ({ table, relations }: NodePolicy): void => {
    tables.add(table);
    for (const relation of relations.values()) visit(relation);
  };
  for (const { policy } of placedRules(registry)) visit(policy);
  return tables;
}

/** Defaults that are not read back as what they are. */
function* defaults({ name, columns }: TableInfo): Iterable<string> {
  for (const column of columns.values()) {
    const sentence = suspectDefault(column);
    if (sentence !== undefined) yield `schema.${name}.${column.name}: ${sentence}`;
  }
}

/**
 * A table without a schema's name whose own another table has in a schema: in a sub-query on that one, SQL takes the name
 * for it, so that a row filter asks about the wrong rows.
 */
function* hiddenNames(catalog: Catalog): Iterable<string> {
  const tables = [...catalog.values()].map(({ name, table }) => ({
    name,
    unique: getTableUniqueName(table),
  }));
  for (const { name, unique } of tables) {
    if (!unique.startsWith("public.")) continue;
    const own = unique.slice("public.".length);
    const other = tables.find((table) => table.unique !== unique && table.unique.endsWith(`.${own}`));
    if (other !== undefined)
      yield `schema.${name}: a sub-query on \`${other.name}\`, which has its name in another schema, hides its columns`;
  }
}

function* suspect(method: Method, role: string, policy: Policy): Iterable<string> {
  const { action } = traitsOf(method);
  if (action === "insert") yield* suspectInsert(policy);
  if (action === "insert" || action === "update") yield* suspectWrite(role, policy);
  yield* secrets(policy);
  yield* suspectMasks(policy);
  yield* suspectNames(policy);
  yield* suspectAggregates(policy);
  yield* suspectClock(policy);
  if (action === "read") {
    if (isLifted(policy.limits.maxLimit)) yield ".maxLimit: a read may answer the whole table";
    if (isLifted(policy.limits.maxCost) && hasLists(policy))
      yield ".maxCost: nothing bounds the rows of a nested read";
    if (isLifted(policy.limits.maxWork) && hasLists(policy))
      yield ".maxWork: nothing bounds the work of a nested read";
  }
  yield* unbounded(policy);
  yield* capturing(policy);
}

/** Columns that are let be written by what rows were before, where there were none. */
function* suspectInsert({ writable, writeMasks }: Policy): Iterable<string> {
  if (writable.size === 0 && writeMasks.size > 0)
    yield ".write: a `when` is asked of a row as it was, and a new row was none, so that no column can be written; write a grant without `when`, or false";
}

function* suspectWrite(role: string, policy: Policy): Iterable<string> {
  const { using, injectBody, writable, validateBody, limits, facts, parents } = policy;
  const unsaid = policy.check === undefined && !policy.unchecked;
  const { where, set } = policy.unrestricted ? {} : (facts ?? {});
  const kept = parents.length > 0 || where !== undefined || (set !== undefined && set.size > 0);
  if (role === "mine" && using === undefined && unsaid && injectBody === undefined && !kept) {
    yield ": a `mine` rule without `where` lets everybody write in anybody's name";
  }
  // A parent says it.
  const said = new Set(parents.flatMap(({ relation }) => relation.on.map(({ source }) => source)));
  for (const column of unsaid ? writable.values() : []) {
    if (column.foreign && !said.has(column))
      yield `.write: \`${column.name}\` refers to another row, and no \`check\` says which rows may be referred to`;
  }
  if ((role === "all" || role === "guest") && validateBody === undefined && writable.size > 0) {
    yield ": anybody may write, and no `validateBody` says what";
  }
  if (isLifted(limits.maxBodySize)) yield ".maxBodySize: a body may be of any size";
}

const isLifted = (limit: number): boolean => limit === Number.POSITIVE_INFINITY;

/** Columns that look like secrets and are let out with all the others, here or in a relation. */
function* secrets(policy: NodePolicy): Iterable<string> {
  if (policy.selectsAll)
    for (const name of secretsOf(policy.table))
      yield `.select: \`${name}\` looks like a secret, and is let out`;
  for (const [name, relation] of policy.relations)
    for (const found of secrets(relation)) yield `.with.${name}${found}`;
}

const known = new WeakMap<TableInfo, readonly string[]>();

/** The columns of a table that look like secrets; many rules ask. */
function secretsOf(table: TableInfo): readonly string[] {
  let names = known.get(table);
  if (names === undefined) known.set(table, (names = [...table.columns.keys()].filter(looksSecret)));
  return names;
}

/** Computed fields whose sub-query takes their own table's columns for its own. */
function* capturing(policy: NodePolicy): Iterable<string> {
  for (const [name, extra] of policy.extras) {
    const mistake = captured(extra.sql, policy.table);
    if (mistake !== undefined) yield `.extras.${name}: ${mistake}`;
  }
  for (const [name, relation] of policy.relations)
    for (const found of capturing(relation)) yield `.with.${name}${found}`;
}

/** Relations whose lists have no end. */
function* unbounded({ relations }: NodePolicy): Iterable<string> {
  for (const [name, relation] of relations) {
    if (isList(relation) && isLifted(relation.limits.maxLimit))
      yield `.with.${name}.maxLimit: a read may answer the whole table`;
    for (const found of unbounded(relation)) yield `.with.${name}${found}`;
  }
}

const isList = ({ relation }: RelationPolicy): boolean => relation.kind === "many";

const hasLists = ({ relations, inherited }: NodePolicy): boolean =>
  [...inherited.values()].some(({ relation }) => relation.kind === "many") ||
  [...relations.values()].some((relation) => isList(relation) || hasLists(relation));
