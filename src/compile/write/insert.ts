import { is, SQL } from "drizzle-orm";
import type { Row, Rows } from "../../author/author.ts";
import { Cache, LONGEST, Seen } from "../../cache.ts";
import { type Lifted, MARK, takeApart } from "../../drizzle/drizzle.ts";
import { type Selected, typeOf, type WritePlan } from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import { flatColumn, flatMade, type RowsWriter, rowsWriter, wantsMapping } from "../../syntax/syntax.ts";
import { policyId } from "../slots.ts";
import { numbered } from "../sql/lift.ts";
import { tableName } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import { guarded } from "./guard.ts";
import { hasDefault, madeValue } from "./made.ts";
import type { WritingOne } from "./steps.ts";

/** What the statements of a generation may have in characters, with their keys. */
const MAX_CHARACTERS = 1_048_576;

/** A remembered statement, and what writes the row it returns, where that is not JSON already. */
interface InsertStatement {
  readonly text: string;
  readonly toRows: RowsWriter | undefined;
}

/** What else is wanted of a statement. */
interface InsertOptions {
  readonly cells?: readonly ColumnInfo[];
  readonly alone?: boolean;
}

/** What a column of a new row gets. */
type Given =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string }
  | undefined;

/** What the columns of a new row get. */
interface GivenAll {
  readonly columns: readonly ColumnInfo[];
  /** What stands in the statement for those that get no value of their own. */
  readonly texts: readonly (string | undefined)[];
  readonly values: readonly unknown[];
}

/** All that makes a statement another one. */
interface Shape extends Required<InsertOptions> {
  readonly given: GivenAll;
  readonly checked: Lifted | "all" | "none";
}

/** The key of a plan's statement, and the shape that it is for. */
interface Keyed {
  readonly shape: Shape;
  readonly key: string;
}

/** Whether a column may come to hold integers beyond 2^53, which libsql refuses to read. */
export const isNumeric = ({ expression }: Selected): boolean =>
  typeOf(expression).column.columnType.startsWith("SQLiteNumeric");

/** Inserts one row by a statement remembered by shape: which columns are given, what comes back, what is checked. */
export class InsertWriter {
  readonly #speech: Speech;
  readonly #statements = new Cache<InsertStatement>(500, {
    most: MAX_CHARACTERS,
    weigh: (key, { text }) => key.length + text.length,
  });
  readonly #seen = new Seen();
  /** Nearly all rows of a plan are of one shape: its key need not be written anew. */
  readonly #keys = new WeakMap<WritePlan, Keyed>();
  readonly #taken = new WeakMap<WritePlan, boolean>();

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** How many statements are remembered. */
  get size(): number {
    return this.#statements.size;
  }

  /** Whether a plan inserts rows, which meet no others, whose values are answered as they are stored, and nothing beside them. */
  takes(plan: WritePlan): boolean {
    let taken = this.#taken.get(plan);
    if (taken === undefined) this.#taken.set(plan, (taken = this.#isTaken(plan)));
    return taken;
  }

  #isTaken({ kind, answer, meeting }: WritePlan): boolean {
    const { syntax } = this.#speech;
    return (
      kind === "insert" &&
      meeting === undefined &&
      answer.extras.size === 0 &&
      answer.relations.size + answer.counts.size === 0 &&
      !wantsMapping(answer, syntax) &&
      (this.#speech.database === "postgresql"
        ? answer.selected.length <= syntax.maxMembers
        : !answer.selected.some(isNumeric))
    );
  }

  /**
   * Inserts a row, which on SQLite may be asked for cells; `undefined` for one that holds SQL, which Drizzle writes. `alone`
   * says whether it stands outside of a transaction, and has to undo itself where the row does not pass.
   */
  insert(
    plan: WritePlan,
    check: Rows,
    row: Row,
    { cells = NO_CELLS, alone = false }: InsertOptions = {},
  ): WritingOne | undefined {
    const given = this.#givenAll(plan, row);
    if (given === undefined) return undefined;
    const checked = typeof check === "string" ? check : takeApart(check, this.#speech);
    const { toRows, text } = this.#statement(plan, { given, checked, cells, alone });
    const values = typeof checked === "string" ? given.values : [...given.values, ...checked.values];
    return { kind: "one", ask: { kind: "text", text, values }, cells: cells.length, toRows };
  }

  #statement(plan: WritePlan, shape: Shape): InsertStatement {
    const key = this.#key(plan, shape);
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      statement = this.#write(plan, shape);
      if (statement.text.length <= LONGEST && this.#seen.before(key)) this.#statements.set(key, statement);
    }
    return statement;
  }

  #key(plan: WritePlan, shape: Shape): string {
    const last = this.#keys.get(plan);
    if (last !== undefined && isSame(last.shape, shape)) return last.key;
    const { given, checked, cells, alone } = shape;
    const { selected, secured } = plan.answer;
    const asked = typeof checked === "string" ? checked : checked.parts.join(MARK);
    const sent = selected.map(({ expression }) => expression.column.index).join();
    const columns = given.columns.map(({ index }, place) => `${index}${given.texts[place] ?? ""}`).join(MARK);
    const told = cells.map(({ index }) => index).join();
    const key = [alone ? "alone" : "", policyId(secured.policy), sent, columns, told, asked].join(";");
    if (key.length <= LONGEST) this.#keys.set(plan, { shape: withoutValues(shape), key });
    return key;
  }

  /** The columns that a row gives values to, and the values; `undefined` where one is SQL. */
  #givenAll({ answer }: WritePlan, row: Row): GivenAll | undefined {
    const columns: ColumnInfo[] = [];
    const texts: (string | undefined)[] = [];
    const values: unknown[] = [];
    for (const column of answer.secured.table.columns.values()) {
      if (column.column.generated !== undefined) continue;
      const given = this.#given(column, row);
      if (given === undefined) continue;
      if (given.kind === "value" && is(given.value, SQL)) return undefined;
      columns.push(column);
      texts.push(given.kind === "text" ? given.text : undefined);
      if (given.kind === "value") values.push(given.value);
    }
    return columns.length === 0 ? undefined : { columns, texts, values };
  }

  #write({ answer }: WritePlan, shape: Shape): InsertStatement {
    const { given, cells } = shape;
    const { column: nameOf, syntax, database } = this.#speech;
    const table = tableName(answer, this.#speech);
    const named = (column: ColumnInfo): string => `${table}.${nameOf(column.column)}`;
    const columns = given.columns.map(({ column }) => nameOf(column));
    const passed = this.#passed(shape);
    const inserted = `insert into ${table} (${columns.join(", ")}) values (${this.#marks(given).join(", ")}) returning`;
    if (database === "postgresql") {
      const object = syntax.object(
        answer.selected.map(({ name, expression: { column } }) => [name, syntax.json(column, named(column))]),
      );
      return { text: `${inserted} ${passed}, ${syntax.document(object)}`, toRows: undefined };
    }
    const told = cells.map((column) => syntax.sentExtra(named(column)));
    // What a client or an author gave was checked; what the database makes may be of any size.
    const bound = new Set(given.columns.filter((_, place) => given.texts[place] === undefined));
    const sent = answer.selected.map(({ expression: { column } }) =>
      bound.has(column) ? flatColumn(column, named(column)) : flatMade(column, named(column)),
    );
    return {
      text: `${inserted} ${[passed, ...told, ...sent].join(", ")}`,
      toRows: rowsWriter(answer, 1 + cells.length, true),
    };
  }

  #marks({ columns, texts }: GivenAll): readonly string[] {
    let values = 0;
    return columns.map(({ cast }, place) => texts[place] ?? `${this.#speech.syntax.mark}${++values}${cast}`);
  }

  /** Whether the row passes: 1 or 0, or the end of a statement that has to undo itself. */
  #passed({ given, checked, alone }: Shape): string {
    const condition =
      typeof checked === "string"
        ? `1 = ${checked === "none" ? 0 : 1}`
        : numbered(checked, given.values.length + 1, this.#speech.syntax);
    return alone ? guarded(condition, this.#speech) : `case when ${condition} then 1 else 0 end`;
  }

  /** What Drizzle's own insert would give a column: the value, a default, or what an update would set. */
  #given(info: ColumnInfo, row: Row): Given {
    const { column, name } = info;
    const value = Object.hasOwn(row, name) ? row[name] : undefined;
    if (value !== undefined) return { kind: "value", value: driverValue(info, value) };
    // PostgreSQL gives the table's own default to what is not named.
    if (hasDefault(info) && this.#speech.database === "sqlite") {
      if (!is(column.default, SQL)) return { kind: "value", value: driverValue(info, column.default) };
      const { parts, values } = takeApart(column.default, this.#speech);
      return values.length === 0
        ? { kind: "text", text: `(${parts[0]!})` }
        : { kind: "value", value: column.default };
    }
    const made = madeValue(info);
    return made === undefined ? undefined : { kind: "value", value: driverValue(info, made) };
  }
}

const NO_CELLS: readonly ColumnInfo[] = [];

/** A shape as it is remembered. */
const withoutValues = (shape: Shape): Shape => ({
  ...shape,
  given: { ...shape.given, values: [] },
  checked: typeof shape.checked === "string" ? shape.checked : { ...shape.checked, values: [] },
});

function isSame(one: Shape, other: Shape): boolean {
  return (
    one.alone === other.alone &&
    areSame(one.given.columns, other.given.columns) &&
    areSame(one.given.texts, other.given.texts) &&
    areSame(one.cells, other.cells) &&
    isSameCondition(one.checked, other.checked)
  );
}

/** Whether two conditions differ in their values at most. */
function isSameCondition(one: Shape["checked"], other: Shape["checked"]): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return areSame(one.parts, other.parts);
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) if (some[index] !== others[index]) return false;
  return true;
}

/** A value as the driver takes it; `null` has no mapping, and SQL stays SQL. */
const driverValue = ({ encode }: ColumnInfo, value: unknown): unknown =>
  value === null || is(value, SQL) ? value : encode(value);
