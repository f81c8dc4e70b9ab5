import type { SearchIndex } from "../search/search.ts";
import { type Catalog, type ColumnInfo, holdsMoments, type TableInfo } from "../schema/schema.ts";
import { didYouMean } from "../suggest.ts";
import type { AnyTableRule, AnyTableRules, AuthorFunction } from "./any.ts";
import { checkKeys, isMap } from "./keys.ts";
import { type Mistakes, readFunction } from "./mistakes.ts";
import { readSearch } from "./search-fact.ts";

/** What is true of a table wherever it is mentioned. */
export interface TableFacts {
  /** Where it is said: `tables.task`. */
  readonly path: string;
  /** The rows that exist at all, beside what each rule says. */
  readonly where: AuthorFunction | undefined;
  /** What makes the values of columns of every new row. */
  readonly set: ReadonlyMap<string, AuthorFunction>;
  /** The column that says when a row was deleted. */
  readonly softDelete: ColumnInfo | undefined;
  /** The column that counts changes. */
  readonly version: ColumnInfo | undefined;
  /** The index by which words are found. */
  readonly search: SearchIndex | undefined;
  /** Whether something is wrong with what is said, and taken for nothing. */
  readonly faulty: boolean;
}

/** The facts of tables; a table of which nothing is said is not there. */
export type FactsByTable = ReadonlyMap<TableInfo, TableFacts>;

/** Reads what is true of tables, and collects what is wrong with it. */
export function readTableFacts(rules: AnyTableRules, catalog: Catalog, mistakes: Mistakes): FactsByTable {
  const facts = new Map<TableInfo, TableFacts>();
  if (!isMap(rules))
    mistakes.add("tables", "expected an object that has what is true of tables by their names");
  for (const [name, rule] of Object.entries(isMap(rules) ? rules : {})) {
    if (rule === undefined) continue;
    const known = mistakes.found.length;
    const path = `tables.${name}`;
    const table = catalog.get(name);
    if (table === undefined)
      mistakes.add(path, `unknown table \`${name}\`${hintOf(didYouMean(name, catalog.keys()))}`);
    mistakes.addAll(checkKeys(rule, "table", path));
    if (table === undefined) continue;
    const given = isMap(rule) ? rule : {};
    const read = readRule(given, table, path, mistakes);
    const search = readSearch(given["search"], table, catalog, `${path}.search`, mistakes);
    facts.set(table, Object.freeze({ ...read, search, faulty: mistakes.found.length > known }));
  }
  return facts;
}

const hintOf = (hint: string | undefined): string => (hint === undefined ? "" : ` (${hint})`);

function readRule(
  rule: AnyTableRule,
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
): Omit<TableFacts, "search" | "faulty"> {
  const writes = ["set", "softDelete", "version", "search"].filter((key) => key in rule);
  if (table.kind === "view" && writes.length > 0)
    mistakes.add(path, `${table.name} is a view, which is only read`);
  const set = readSet(rule, table, path, mistakes);
  const where = readFunction(rule.where, `${path}.where`, mistakes);
  const softDelete = readKept(rule.softDelete, table, `${path}.softDelete`, mistakes, wrongDeletion);
  const version = readKept(rule.version, table, `${path}.version`, mistakes, wrongVersion);
  for (const column of [softDelete, version])
    if (column !== undefined && set.has(column.name))
      mistakes.add(`${path}.set.${column.name}`, "the engine keeps this column");
  return { path, where, set, softDelete, version };
}

function readSet(
  { set = {} }: AnyTableRule,
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
): ReadonlyMap<string, AuthorFunction> {
  const makers = new Map<string, AuthorFunction>();
  for (const [name, make] of Object.entries(isMap(set) ? set : {})) {
    const made = readFunction(make, `${path}.set.${name}`, mistakes);
    const known = readColumn(name, table, `${path}.set`, mistakes);
    if (known?.computed === true) mistakes.add(`${path}.set.${name}`, "the database makes its values");
    else if (known !== undefined && made !== undefined) makers.set(name, made);
  }
  return makers;
}

function readColumn(
  name: unknown,
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
): ColumnInfo | undefined {
  if (name === undefined) return undefined;
  const found = typeof name === "string" ? table.columns.get(name) : undefined;
  const known = `${table.name} has ${[...table.columns.keys()].join(", ")}`;
  if (typeof name !== "string") mistakes.add(path, `expected the name of a column (${known})`);
  else if (found === undefined) mistakes.add(path, `unknown column \`${name}\` (${known})`);
  return found;
}

/** A column the engine keeps, where it can hold what the engine writes. */
function readKept(
  name: unknown,
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
  wrong: (column: ColumnInfo) => readonly string[],
): ColumnInfo | undefined {
  const column = readColumn(name, table, path, mistakes);
  if (column === undefined) return undefined;
  const found = [...wrong(column)];
  if (column.primary) found.push(`\`${column.name}\` is part of the key`);
  if (column.computed) found.push("the database makes its values");
  for (const sentence of found) mistakes.add(path, sentence);
  return found.length > 0 ? undefined : column;
}

/** Whether a column gets values that nobody gave it. */
const makesItself = ({ column }: ColumnInfo): boolean =>
  column.onUpdateFn !== undefined ||
  column.defaultFn !== undefined ||
  (column.default !== undefined && column.default !== null);

function wrongDeletion(column: ColumnInfo): readonly string[] {
  const found: string[] = [];
  if (!holdsMoments(column)) found.push(`\`${column.name}\` holds no dates`);
  if (!column.nullable) found.push(`\`${column.name}\` cannot be null, as rows that are there need it`);
  if (makesItself(column))
    found.push(`\`${column.name}\` is filled by itself, and rows that are there need it empty`);
  return found;
}

const wrongVersion = ({ name, kind }: ColumnInfo): readonly string[] =>
  kind === "integer" ? [] : [`\`${name}\` holds no whole numbers`];
