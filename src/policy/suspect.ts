import { getTableUniqueName } from "drizzle-orm";
import { type Method, traitsOf } from "../request/request.ts";
import { type Catalog, isIndexed, type TableInfo } from "../schema/schema.ts";
import { suspectDefault } from "./suspect-default.ts";
import { captured } from "./name-capture.ts";
import type { NodePolicy, Policy, Registry, RelationPolicy } from "./policy.ts";

const SECRETS: ReadonlySet<string> = new Set(
  "password passwd passphrase pwd secret token hash salt otp apikey privatekey credential".split(" "),
);

/** Whether a column's name speaks of a secret: one of its words does, or two of them together. */
function looksSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?<=.{3})s$/, ""));
  return words.some((word, index) => SECRETS.has(word) || SECRETS.has(word + (words[index + 1] ?? "")));
}

/**
 * What is legal in an access-control file and yet looks like an oversight, one sentence each with its path. An author
 * who means it says so: with a `check`, a validator, a column choice, a number. `refers`: whether the database keeps
 * references.
 */
export function suspicions(registry: Registry, catalog: Catalog, refers: boolean): readonly string[] {
  const found = new Set<string>(hiddenNames(catalog));
  if (!refers && writes(registry) && hasReferences(catalog)) found.add(DANGLING);
  for (const table of tablesOf(registry)) for (const sentence of defaults(table)) found.add(sentence);
  for (const { path, method, role, policy } of rulesOf(registry)) {
    for (const sentence of suspect(method, role, policy)) found.add(`${path}${sentence}`);
  }
  return [...found];
}

const DANGLING =
  "database: `pragma foreign_keys` is off, so rows may refer to others that are not there; run `pragma foreign_keys = on` on the connection";

const writes = (registry: Registry): boolean =>
  [...rulesOf(registry)].some(({ method }) => traitsOf(method).writes);

const hasReferences = (catalog: Catalog): boolean =>
  [...catalog.values()].some(({ columns }) => [...columns.values()].some(({ foreign }) => foreign));

/** Every table that some rule is about, in relations too. */
function tablesOf(registry: Registry): ReadonlySet<TableInfo> {
  const tables = new Set<TableInfo>();
  const visit = ({ table, relations }: NodePolicy): void => {
    tables.add(table);
    for (const relation of relations.values()) visit(relation);
  };
  for (const { policy } of rulesOf(registry)) visit(policy);
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

/**
 * What the schema says will be slow, one sentence for each join. It is no oversight in the file, and the database may
 * have an index the schema does not tell of: so it is told and never refused.
 */
export function costs(registry: Registry): readonly string[] {
  const found = new Map<string, string>();
  for (const { path, policy } of rulesOf(registry)) {
    for (const { join, sentence } of unindexed(policy)) {
      if (!found.has(join)) found.set(join, `${path}${sentence}`);
    }
  }
  return [...found.values()];
}

interface PlacedRule {
  readonly path: string;
  readonly method: Method;
  readonly role: string;
  readonly policy: Policy;
}

/** Every rule that is written, with its path. */
function* rulesOf(registry: Registry): Iterable<PlacedRule> {
  for (const [resource, methods] of registry) {
    for (const [method, rules] of methods) {
      const { rulesOf } = traitsOf(method);
      if (rulesOf !== undefined && methods.get(rulesOf) === rules) continue;
      for (const [role, policy] of rules)
        yield { path: `acl.${resource}.control.${method}.${role}`, method, role, policy };
    }
  }
}

function* suspect(method: Method, role: string, policy: Policy): Iterable<string> {
  const { action } = traitsOf(method);
  if (action === "insert" || action === "update") yield* suspectWrite(role, policy);
  yield* secrets(policy);
  if (action === "read") {
    if (isLifted(policy.limits.maxLimit)) yield ".maxLimit: a read may answer the whole table";
    if (isLifted(policy.limits.maxCost) && hasLists(policy))
      yield ".maxCost: nothing bounds the rows of a nested read";
  }
  yield* unbounded(policy);
  yield* capturing(policy);
}

function* suspectWrite(role: string, policy: Policy): Iterable<string> {
  const { using, injectBody, writable, validateBody, limits } = policy;
  const unsaid = policy.check === undefined && !policy.unchecked;
  if (role === "mine" && using === undefined && unsaid && injectBody === undefined) {
    yield ": a `mine` rule without `where` lets everybody write in anybody's name";
  }
  for (const column of unsaid ? writable.values() : []) {
    if (column.foreign)
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
  if (policy.selectsAll) {
    for (const name of policy.readable.keys()) {
      if (looksSecret(name)) yield `.select: \`${name}\` looks like a secret, and is let out`;
    }
  }
  for (const [name, relation] of policy.relations)
    for (const found of secrets(relation)) yield `.with.${name}${found}`;
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

const hasLists = ({ relations }: NodePolicy): boolean =>
  [...relations.values()].some((relation) => isList(relation) || hasLists(relation));

/** A join that reads the whole of a table for each row it starts from. */
interface Unindexed {
  readonly join: string;
  readonly sentence: string;
}

function* unindexed({ relations }: NodePolicy): Iterable<Unindexed> {
  for (const [name, policy] of relations) {
    const { target, on } = policy.relation;
    const columns = on.map((pair) => pair.target);
    if (!isIndexed(target.table, columns, policy.using !== undefined)) {
      const names = columns.map((column) => `\`${column.name}\``).join(", ");
      const sentence = `: no index of ${target.name} begins with ${names}, so each row reads the whole table`;
      yield { join: `${target.name} ${names}`, sentence: `.with.${name}${sentence}` };
    }
    for (const { join, sentence } of unindexed(policy)) yield { join, sentence: `.with.${name}${sentence}` };
  }
}
