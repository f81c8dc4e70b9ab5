import { is, SQL, sql } from "drizzle-orm";
import { Digits } from "../digits.ts";
import {
  at,
  internalError,
  invalidBody,
  invalidValue,
  type Issue,
  QueryError,
  unknownColumn,
} from "../error.ts";
import type { Policy } from "../policy/policy.ts";
import { coerce, type ColumnInfo, Increment, readField, readLongNumbers } from "../schema/schema.ts";
import type { Context } from "./context.ts";
import { takeIncrements, withIncrements } from "./increments.ts";
import type { Later } from "../clock.ts";
import type { PatchFormat } from "./patch.ts";
import { hasSet, makeSet, type SetRow } from "./set.ts";
import { validate } from "./validate.ts";

/** One row of a body, by column. */
export type Row = Record<string, unknown>;

/**
 * A body as it arrived: its value, whether its fields are all text, as a form's are, whether it holds `Digits`, and the
 * milliseconds it took to decode.
 */
export interface Body {
  readonly spent: number;
  readonly value: unknown;
  readonly form: boolean;
  readonly digits: boolean;
  /** How it says what becomes of a row; absent where it is a row itself. */
  readonly patch?: PatchFormat | undefined;
}

/**
 * Reads what a POST or PATCH writes: validated, injected, its client's keys writable, its values fit for their columns.
 * The answer is one row where the client sent one, else a list.
 * `columns` gets the names of those that the client gives values to, as far as the validator let them through.
 *
 * @throws QueryError `invalid-body`, `unknown-column` or `invalid-value`, the row's index in the path.
 */
export function readBodyRows(
  policy: Policy,
  body: Body,
  many: boolean,
  context: Context,
  columns?: Set<string>,
): Later<Row | Row[]> {
  const value = readValue(policy, body);
  // In a patch of another format `$inc` is a name like any other.
  const adds = !many && body.patch === undefined;
  if (!Array.isArray(value)) return readRow(policy, value, many, context, columns, adds);
  if (!many) throw invalidBody("expected one object");
  if (value.length === 0) throw invalidBody("expected an object or a list of objects that is not empty");
  if (value.length > policy.limits.maxRows)
    throw invalidBody(`${value.length} rows exceed ${policy.limits.maxRows}`);
  const finishing = { path: "", isNew: many, context, columns };
  const validated = validateRows(policy, value, context);
  return validated instanceof Promise
    ? validated.then((all) => finishAll(policy, all, finishing))
    : finishAll(policy, validated, finishing);
}

/** The value of a body, before anybody looks at it: of a form by its columns, and with no number cut. */
function readValue(policy: Policy, { value, form, digits }: Body): unknown {
  if (form) return readForm(value as Row, policy);
  if (!digits) return value;
  const { writable } = policy;
  // Columns the client may not write are none to it.
  const readLongRow = (row: unknown, path: string): unknown =>
    isRow(row) && !(row instanceof Digits)
      ? Object.fromEntries(
          Object.entries(row).map(([key, member]) => [
            key,
            readLongNumbers(writable.get(key), member, at(path, key)),
          ]),
        )
      : readLongNumbers(undefined, row, path);
  return Array.isArray(value)
    ? value.map((row: unknown, index) => readLongRow(row, String(index)))
    : readLongRow(value, "");
}

function readRow(
  policy: Policy,
  sent: unknown,
  isNew: boolean,
  context: Context,
  columns: Set<string> | undefined,
  adds: boolean,
): Later<Row> {
  const { rest, increments } = adds ? takeIncrements(policy, sent) : { rest: sent, increments: undefined };
  const finish = (validated: Validated): Later<Row> => {
    const row = finishSent(policy, validated, { path: "", isNew, context, columns });
    if (increments === undefined) return row;
    const add = (finished: Row): Row => withIncrements(finished, increments, columns);
    return row instanceof Promise ? row.then(add) : add(row);
  };
  const validated = validateRow(policy, rest, "", context);
  return validated instanceof Promise ? validated.then(finish) : finish(validated);
}

/** A row as a validator let it through, and as it was sent: a validator may change what it is handed. */
interface Validated {
  readonly sent: Row;
  readonly row: Row;
}

/** Every row is validated, so that the client hears of all that is wrong at once. */
function validateRows(
  policy: Policy,
  sent: readonly unknown[],
  context: Context,
): Later<readonly Validated[]> {
  if (policy.validateBody !== undefined) return validateEach(policy, sent, context);
  return sent.map((item, index) => asSent(policy, item, String(index)));
}

async function validateEach(
  policy: Policy,
  sent: readonly unknown[],
  context: Context,
): Promise<readonly Validated[]> {
  const rows: Validated[] = [];
  const issues: Issue[] = [];
  for (const [index, item] of sent.entries()) {
    try {
      rows.push(await validateRow(policy, item, String(index), context));
    } catch (error) {
      if (!(error instanceof QueryError) || error.issues === undefined) throw error;
      issues.push(...error.issues);
    }
  }
  if (issues.length > 0) throw invalidBody("the body is not valid", issues[0]!.path, issues);
  return rows;
}

function validateRow(policy: Policy, value: unknown, path: string, context: Context): Later<Validated> {
  const whole = asSent(policy, value, path);
  if (policy.validateBody === undefined) return whole;
  return validate(policy.validateBody, whole.row, context, path).then((row) => {
    if (!isRow(row)) throw new TypeError("`validateBody` answers the row it let through");
    return { sent: whole.sent, row };
  });
}

/** A row that is still as it was sent. */
function asSent(policy: Policy, value: unknown, path: string): Validated {
  if (!isRow(value)) throw invalidBody("expected an object", path === "" ? undefined : path);
  return { sent: isUntouched(policy) ? value : { ...value }, row: value };
}

/** Whether none of an author's functions is handed what a client sent. */
const isUntouched = ({ validateBody, injectBody }: Policy): boolean =>
  validateBody === undefined && injectBody === undefined;

/** What a row is finished with. */
interface Finishing {
  readonly path: string;
  readonly isNew: boolean;
  readonly context: Context;
  /** Gets the names of the columns that the client gives values to. */
  readonly columns: Set<string> | undefined;
}

/** Finishes the rows of a list one after the other: at once, as long as none of them is waited for. */
function finishAll(policy: Policy, validated: readonly Validated[], finishing: Finishing): Later<Row[]> {
  const rows: Row[] = [];
  for (const [index, row] of validated.entries()) {
    const finished = finishSent(policy, row, { ...finishing, path: String(index) });
    if (finished instanceof Promise) return finishRest(policy, validated, finishing, [...rows, finished]);
    rows.push(finished);
  }
  return rows;
}

/** The same once the last of those that are begun is waited for. */
async function finishRest(
  policy: Policy,
  validated: readonly Validated[],
  finishing: Finishing,
  begun: readonly Later<Row>[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [index, row] of validated.entries())
    rows.push(await (begun[index] ?? finishSent(policy, row, { ...finishing, path: String(index) })));
  return rows;
}

function finishSent(policy: Policy, { sent, row }: Validated, finishing: Finishing): Later<Row> {
  // A validator may take a key out by leaving it undefined; where the client wrote it so, it was let through.
  const keys = Object.keys(sent);
  const letThrough =
    policy.validateBody === undefined
      ? keys
      : keys.filter((key) => isGiven(row, key) || (sent[key] === undefined && Object.hasOwn(row, key)));
  if (isUntouched(policy)) return finishWritten(policy, letThrough, row, finishing);
  const given = withoutUndefined(row);
  const injected: unknown =
    policy.injectBody === undefined ? given : (policy.injectBody(given, finishing.context) as unknown);
  const finish = (whole: unknown): Row => finishInjected(policy, sent, letThrough, whole, finishing);
  return isThenable(injected) ? Promise.resolve(injected).then(finish) : finish(injected);
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

/** A row as it is once its author has added to it: `letThrough` are the keys of its client that a validator let through. */
function finishInjected(
  policy: Policy,
  sent: Row,
  letThrough: readonly string[],
  injected: unknown,
  finishing: Finishing,
): Row {
  if (!isRow(injected)) throw new TypeError("`injectBody` answers the row to write");
  const written = letThrough.filter(
    // A key that is no column may be there for `injectBody` to take out; one without a value it never saw.
    (key) => isGiven(injected, key) || sent[key] === undefined || policy.table.columns.has(key),
  );
  return finishWritten(policy, written, injected, finishing);
}

/** A row of which these keys are its client's. */
function finishWritten(
  policy: Policy,
  written: readonly string[],
  row: Row,
  { path, isNew, columns }: Finishing,
): Row {
  refuseUnwritable(policy, written, path);
  if (columns !== undefined) for (const key of written) if (isGiven(row, key)) columns.add(key);
  return coerceRow(policy, withoutKept(policy, row, isNew), path);
}

const isGiven = (row: Row, key: string): boolean => Object.hasOwn(row, key) && row[key] !== undefined;

/** What is undefined was not given, and erases nothing that `injectBody` adds. */
function withoutUndefined(row: Row): Row {
  if (!Object.keys(row).some((key) => row[key] === undefined)) return row;
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}

/** What the client sent and the validator let through must be writable. The first wrong key is named, hidden column or none. */
function refuseUnwritable({ writable }: Policy, keys: readonly string[], path: string): void {
  for (const key of keys) if (!writable.has(key)) throw unknownColumn(key, at(path, key), writable.keys());
}

/** Values for their columns, in the order of the schema; what is undefined was not given. */
function coerceRow(policy: Policy, row: Row, path: string): Row {
  const { table, writable, readable } = policy;
  const coerced: Row = {};
  for (const key of Object.keys(row)) {
    const value = row[key];
    if (value === undefined) continue;
    const column = table.columns.get(key);
    if (column === undefined) throw unknownColumn(key, at(path, key), writable.keys());
    try {
      coerced[key] = coerceIn(path, column, value);
    } catch (error) {
      if (writable.has(key) || readable.has(key)) throw error;
      // A column the client can neither write nor read was set by the author, and its name stays on the server.
      throw value === null ? missing() : internalError(error);
    }
  }
  return coerced;
}

/** Where a value stands is written once it is refused. */
function coerceIn(path: string, column: ColumnInfo, value: unknown): unknown {
  try {
    return coerceValue(column, value, at("", column.name));
  } catch (error) {
    if (path === "" || !(error instanceof QueryError)) throw error;
    throw error.under(path);
  }
}

/** What the table's own functions make is no client's doing: a value that fits no column is their author's mistake. */
function coerceSet({ table, facts }: Policy, made: SetRow): Row {
  const coerced: Row = {};
  for (const [name, value] of Object.entries(made)) {
    const column = table.columns.get(name)!;
    if (value === undefined) continue;
    if (value === null && !column.nullable) throw missing();
    try {
      coerced[name] = coerceValue(column, value, name);
    } catch (error) {
      const { message } = error as Error;
      throw internalError(new TypeError(`${facts!.path}.set.${name}: ${message}`, { cause: error }));
    }
  }
  return coerced;
}

const missing = (): QueryError => invalidBody("a required value is missing");

function coerceValue(column: ColumnInfo, value: unknown, path: string): unknown {
  if (column.computed) throw invalidValue(`\`${column.name}\` is made by the database`, path);
  if (is(value, SQL) || value instanceof Increment) return value;
  if (value !== null) return coerce(column, value, path, true);
  if (column.nullable) return null;
  throw invalidBody(`\`${column.name}\` cannot be null`, path);
}

/** What a rule's own functions give a row, without what the engine keeps, and the table's own functions set. */
function withoutKept({ facts, unrestricted }: Policy, row: Row, isNew: boolean): Row {
  if (facts === undefined) return row;
  const isKept = (name: string): boolean =>
    name === facts.version?.name || (isNew && !unrestricted && facts.set.has(name));
  return Object.fromEntries(Object.entries(row).filter(([name]) => !isKept(name)));
}

/**
 * The rows to write once `beforeQuery` has had them: values fit again, nothing required is missing. `set` is what the
 * functions of the table have made of new rows; where they were not asked yet, they are. A change that `touches` its rows
 * may say nothing of them, where more than they is changed.
 *
 * @throws QueryError `invalid-body` where a new row lacks a value it needs, or a change changes nothing.
 */
export function finishRows(
  policy: Policy,
  kind: "insert" | "update",
  context: Context,
  set?: readonly SetRow[],
  touches = false,
): Later<readonly Row[]> {
  const body: unknown = context.body;
  const list = Array.isArray(body) ? (body as unknown[]) : [body];
  const finish = (made: readonly SetRow[]): readonly Row[] =>
    list.map((item, index) => {
      const path = Array.isArray(body) ? String(index) : "";
      if (!isRow(item)) throw new TypeError("`ctx.body` holds the row, or the rows, to write");
      return kind === "insert"
        ? newRow(policy, item, made[index], path)
        : changedRow(policy, item, path, touches);
    });
  if (kind === "update" || !hasSet(policy)) return finish([]);
  const made = set ?? makeSet(policy, list.length, context);
  return made instanceof Promise ? made.then(finish) : finish(made);
}

/** A new row: what the table's own functions made of it counts, and its changes are counted from here. */
function newRow(policy: Policy, given: Row, made: SetRow | undefined, path: string): Row {
  const row = coerceRow(policy, withoutKept(policy, given, true), path);
  if (made !== undefined) Object.assign(row, coerceSet(policy, made));
  const version = policy.facts?.version;
  if (version !== undefined) row[version.name] = 1;
  requireValues(policy, row, path);
  return row;
}

function changedRow(policy: Policy, given: Row, path: string, touches: boolean): Row {
  const row = coerceRow(policy, withoutKept(policy, given, false), path);
  if (Object.keys(row).length > 0) return row;
  if (!touches) throw invalidBody("nothing to change", undefined);
  // It is changed in nothing but what every change sets.
  const columns = [...policy.table.columns.values()].filter(({ computed }) => !computed);
  const { name, column } = columns.find(({ primary }) => !primary) ?? columns[0]!;
  return { [name]: sql`${column}` };
}

function requireValues({ table, writable }: Policy, row: Row, path: string): void {
  for (const column of table.columns.values()) {
    if (column.nullable || column.generated || Object.hasOwn(row, column.name) || column.column.hasDefault)
      continue;
    // A column the client may not write is the author's to fill; its name stays on the server.
    if (!writable.has(column.name)) throw missing();
    throw invalidBody(`\`${column.name}\` is required`, at(path, column.name));
  }
}

/** Fields as the columns a client may write take them; others are as unknown as those of no column. */
function readForm(fields: Row, { writable }: Policy): Row {
  const row: Row = Object.create(null) as Row;
  for (const [name, text] of Object.entries(fields)) {
    const column = writable.get(name);
    row[name] = column !== undefined && typeof text === "string" ? readField(column, text, name) : text;
  }
  return { ...row };
}

/** Whether a value may be a row: what has members by name, and is no list. */
export function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
