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
  readonly columns: readonly string[];
  readonly marks: readonly string[];
  readonly values: readonly unknown[];
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

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** How many statements are remembered. */
  get size(): number {
    return this.#statements.size;
  }

  /** Whether a plan inserts rows, which meet no others, whose values are answered as they are stored, and nothing beside them. */
  takes({ kind, answer, meeting }: WritePlan): boolean {
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
    { cells = [], alone = false }: InsertOptions = {},
  ): WritingOne | undefined {
    const given = this.#givenAll(plan, row);
    if (given === undefined) return undefined;
    const checked = typeof check === "string" ? check : takeApart(check, this.#speech);
    const { toRows, text } = this.#statement(plan, given, checked, { cells, alone });
    const values = typeof checked === "string" ? given.values : [...given.values, ...checked.values];
    return { kind: "one", ask: { kind: "text", text, values }, cells: cells.length, toRows };
  }

  #statement(
    plan: WritePlan,
    given: GivenAll,
    checked: Lifted | "all" | "none",
    options: Required<InsertOptions>,
  ): InsertStatement {
    const { cells, alone } = options;
    const { columns, marks, values } = given;
    const { selected, secured } = plan.answer;
    const asked = typeof checked === "string" ? checked : checked.parts.join(MARK);
    const sent = selected.map(({ expression }) => expression.column.index).join();
    const key = `${alone ? "alone;" : ""}${policyId(secured.policy)};${sent};${columns.join()};${marks.join()};${cells.map(({ index }) => index).join()};${asked}`;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      const condition =
        typeof checked === "string"
          ? `1 = ${checked === "none" ? 0 : 1}`
          : numbered(checked, values.length + 1, this.#speech.syntax);
      statement = this.#write(plan, given, condition, options);
      if (statement.text.length <= LONGEST && this.#seen.before(key)) this.#statements.set(key, statement);
    }
    return statement;
  }

  /** The columns that a row gives values to, and the values; `undefined` where one is SQL. */
  #givenAll({ answer }: WritePlan, row: Row): GivenAll | undefined {
    const columns: string[] = [];
    const marks: string[] = [];
    const values: unknown[] = [];
    const { mark } = this.#speech.syntax;
    for (const column of answer.secured.table.columns.values()) {
      if (column.column.generated !== undefined) continue;
      const given = this.#given(column, row);
      if (given === undefined) continue;
      if (given.kind === "value" && is(given.value, SQL)) return undefined;
      columns.push(this.#speech.column(column.column));
      marks.push(given.kind === "text" ? given.text : `${mark}${values.push(given.value)}${column.cast}`);
    }
    return columns.length === 0 ? undefined : { columns, marks, values };
  }

  #write(
    { answer }: WritePlan,
    { columns, marks }: GivenAll,
    condition: string,
    { cells, alone }: Required<InsertOptions>,
  ): InsertStatement {
    const { column: nameOf, syntax } = this.#speech;
    const table = tableName(answer, this.#speech);
    const named = (column: ColumnInfo): string => `${table}.${nameOf(column.column)}`;
    const passed = alone ? guarded(condition, this.#speech) : `case when ${condition} then 1 else 0 end`;
    const inserted = `insert into ${table} (${columns.join(", ")}) values (${marks.join(", ")}) returning`;
    if (this.#speech.database === "postgresql") {
      const object = syntax.object(
        answer.selected.map(({ name, expression: { column } }) => [name, syntax.json(column, named(column))]),
      );
      return { text: `${inserted} ${passed}, ${syntax.document(object)}`, toRows: undefined };
    }
    const told = cells.map((column) => syntax.sentExtra(named(column)));
    // What a client or an author gave was checked; what the database makes may be of any size.
    const given = new Set(columns.filter((_, index) => marks[index]!.startsWith(syntax.mark)));
    const sent = answer.selected.map(({ expression: { column } }) =>
      given.has(nameOf(column.column)) ? flatColumn(column, named(column)) : flatMade(column, named(column)),
    );
    return {
      text: `${inserted} ${[passed, ...told, ...sent].join(", ")}`,
      toRows: rowsWriter(answer, 1 + cells.length, true),
    };
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

/** A value as the driver takes it; `null` has no mapping, and SQL stays SQL. */
const driverValue = ({ encode }: ColumnInfo, value: unknown): unknown =>
  value === null || is(value, SQL) ? value : encode(value);
