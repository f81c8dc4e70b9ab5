import type { Row } from "../author/author.ts";
import { foreseen, holds } from "../matrix/matrix.ts";
import type { AuthorFunction, NestPolicy, Policy } from "../policy/policy.ts";
import { METHOD_OF, traitsOf } from "../request/request.ts";
import { coerce, type ColumnInfo, indexesOf } from "../schema/schema.ts";
import { type Accepted, acceptedBy, valuesOf } from "./accepted.ts";
import { isNew, settable, validatedBody } from "./body.ts";
import { nobody, type Selector } from "./example.ts";
import type { Tools } from "./filter.ts";
import { madeUp, madeUpAll } from "./made-up.ts";
import type { RuleNode } from "./node.ts";

/** What may be sent, and the selector that goes with it: a row, or what changes nothing; or why nobody knows here what works. */
export type WriteExample =
  | { readonly name: "row" | "nothing"; readonly body?: Selector; readonly select?: Selector }
  | { readonly unknown: string };

const HOOKS = "its hooks decide";
const VALIDATOR = "only its validator knows what it takes";
const INJECTION = "only its `injectBody` knows what is added";
const REFERENCE = "it refers to rows, and which there are is not known here";
const CHECK = "whether a row may be written depends on who asks, or on other rows";
const VALUE = "no value is known for a column";
const KEY = "no filter is known to meet no row";
const PARAMS = "only its author knows its parameters";

/** An example of a write that works: a new row, or a change that meets no row. */
export function writeExample(node: RuleNode, tools: Tools): WriteExample {
  if (isNew(node)) return newRow(node, tools, 0);
  const barred = barredBy(node);
  if (barred !== undefined) return { unknown: barred };
  const select = nobody(node);
  if (select === undefined) return { unknown: KEY };
  const removes = node.access.methods.some((method) => traitsOf(method).action === "delete");
  return removes ? { name: "nothing", select } : changedRow(node, select);
}

/** What decides of every request of a rule, and cannot be asked here. */
function barredBy({ access, policy: { hooks } }: RuleNode): string | undefined {
  if (access.params.length > 0) return PARAMS;
  return hooks.beforeQuery === undefined && hooks.afterQuery === undefined ? undefined : HOOKS;
}

/** A row as it is thought to be written. */
type Foreseen = Readonly<Record<string, unknown>>;

/** How many rows of examples are made with one another. */
const DEEPEST = 3;

function newRow(node: RuleNode, tools: Tools, depth: number): WriteExample {
  const { policy } = node;
  const { injectBody, parents } = policy;
  const barred = barredBy(node);
  if (barred !== undefined) return { unknown: barred };
  const added = injectBody === undefined ? {} : (foreseen(injectBody, {}) as Row | undefined);
  if (added === undefined) return { unknown: INJECTION };
  const set = Object.fromEntries([...setOf(node)].map(([name, make]) => [name, foreseen(make)]));
  const given = new Set([...Object.keys(added), ...Object.keys(set)]);
  const needed = [...policy.table.columns.values()].filter(
    (column) => !isSpared(column) && !given.has(column.name),
  );
  const nested = nestedRows(node, needed, tools, depth);
  if (nested === undefined || parents.length > 0) return { unknown: REFERENCE };
  const own = needed.filter(({ name }) => !nested.columns.has(name));
  const variant = nextOf(node, tools);
  const starts = own.length > 0 || Object.keys(nested.body).length > 0 ? [own] : plainColumns(node);
  const sent = sentOf(node, starts, variant);
  if (typeof sent === "string") return { unknown: sent };
  const row = { ...(injectBody === undefined ? sent.row : (foreseen(injectBody, sent.row) as Row)), ...set };
  return isWritten(policy, row)
    ? { name: "row", body: { ...sent.body, ...nested.body } }
    : { unknown: CHECK };
}

/** Whether a new row need not say what stands in a column. */
const isSpared = ({ nullable, column, generated }: ColumnInfo): boolean =>
  nullable || column.hasDefault || generated;

const NO_SET: ReadonlyMap<string, AuthorFunction> = new Map<string, AuthorFunction>();

/** The columns of new rows that functions of the table make. */
const setOf = ({ policy }: RuleNode): ReadonlyMap<string, AuthorFunction> =>
  policy.unrestricted ? NO_SET : (policy.facts?.set ?? NO_SET);

/** Whether nothing is known to keep a new row from being written. */
function isWritten(policy: Policy, row: Foreseen): boolean {
  const { check, ensure, facts, unrestricted, table } = policy;
  const asked = [check, ensure, unrestricted ? undefined : facts?.where];
  return asked.every((ask) => ask === undefined || holds(ask, table, row));
}

/** Rows of a table that examples make are told apart by their keys, and from those that no row has. */
function nextOf({ policy }: RuleNode, { madeUp: rows }: Tools): number {
  const variant = (rows.get(policy.table) ?? 0) + 1;
  rows.set(policy.table, variant);
  return variant;
}

/** Rows that a new one refers to, made with it. */
interface NestedRows {
  readonly body: Selector;
  /** The columns that follow from them. */
  readonly columns: ReadonlySet<string>;
}

function nestedRows(
  node: RuleNode,
  needed: readonly ColumnInfo[],
  tools: Tools,
  depth: number,
): NestedRows | undefined {
  const referring = needed.filter(({ foreign }) => foreign);
  const columns = new Set<string>();
  const body: Record<string, unknown> = {};
  for (const column of referring) {
    if (columns.has(column.name)) continue;
    const nest = [...node.policy.nest.values()].find(
      ({ ownKey, relation }) => ownKey && relation.on.some(({ source }) => source === column),
    );
    const created = nest && createdBy(nest, tools, depth + 1);
    if (created === undefined) return undefined;
    body[nest!.name] = { create: created };
    for (const { source } of nest!.relation.on) columns.add(source.name);
  }
  return { body, columns };
}

function createdBy({ resource }: NestPolicy, tools: Tools, depth: number): Selector | undefined {
  const rule = depth > DEEPEST ? undefined : tools.nodes.usual(resource, METHOD_OF.insert);
  const example = rule && newRow(rule, tools, depth);
  return example === undefined || "unknown" in example ? undefined : example.body;
}

function changedRow(node: RuleNode, select: Selector): WriteExample {
  const { injectBody } = node.policy;
  const sent = sentOf(node, plainColumns(node), 0);
  if (typeof sent === "string") return { unknown: sent };
  if (injectBody !== undefined && foreseen(injectBody, sent.row) === undefined) return { unknown: INJECTION };
  return { name: "nothing", body: sent.body, select };
}

/** What is sent of columns, of the first of these lists of which something is known; or why nothing is. */
function sentOf(
  node: RuleNode,
  starts: readonly (readonly ColumnInfo[])[],
  variant: number,
): Accepted | string {
  const { writable, writeMasks, validateBody, table } = node.policy;
  const told = validatedBody(node)?.properties ?? {};
  const candidates = (name: string): readonly unknown[] => {
    const column = table.columns.get(name);
    const schema = told[name];
    const own = column === undefined ? 0 : variantOf(column, variant);
    return [
      ...(schema === undefined ? [] : valuesOf(schema, own)),
      ...(column === undefined ? [] : madeUpAll(column, own)),
    ];
  };
  for (const columns of starts) {
    const names = columns.map(({ name }) => name);
    const sent =
      validateBody === undefined ? plainly(columns, variant) : acceptedBy(validateBody, names, candidates);
    if (sent === undefined) continue;
    const row = fitting(node, sent.row);
    const may = Object.keys(sent.body).every((name) => {
      const column = writable.get(name);
      return column !== undefined && !writeMasks.has(column);
    });
    if (row !== undefined && may && names.every((name) => row[name] !== undefined)) return { ...sent, row };
  }
  return validateBody === undefined ? VALUE : VALIDATOR;
}

/** Only what is part of a key has to differ. */
const variantOf = (column: ColumnInfo, variant: number): number =>
  column.primary || uniqueIn(column) ? variant : 0;

/** Whether a column is part of what the schema says is unique. */
const uniqueIn = ({ column }: ColumnInfo): boolean =>
  (indexesOf(column.table) ?? []).some(({ unique, columns }) => unique && columns.includes(column.name));

function plainly(columns: readonly ColumnInfo[], variant: number): Accepted | undefined {
  const values = columns.map((column) => [column.name, madeUp(column, variantOf(column, variant))] as const);
  const body: Row = Object.fromEntries(values);
  return values.every(([, value]) => value !== undefined) ? { body, row: body } : undefined;
}

/** A row in the schema's own types; `undefined` for one that does not fit. */
function fitting({ policy }: RuleNode, row: Row): Row | undefined {
  try {
    return Object.fromEntries(
      Object.entries(row).flatMap(([name, value]) => {
        if (value === undefined) return [];
        const column = policy.table.columns.get(name)!;
        return [[name, value === null && column.nullable ? null : coerce(column, value, name, true)]];
      }),
    );
  } catch {
    return undefined;
  }
}

/** Columns that may have any value, as far as other rows go, each by itself. */
function plainColumns(node: RuleNode): readonly (readonly ColumnInfo[])[] {
  const { table, writeMasks } = node.policy;
  const keys = (indexesOf(table.table) ?? [])
    .filter(({ unique }) => unique)
    .flatMap(({ columns }) => columns);
  return settable(node)
    .filter(
      (column) =>
        !column.foreign && !column.primary && !keys.includes(column.column.name) && !writeMasks.has(column),
    )
    .map((column) => [column]);
}
