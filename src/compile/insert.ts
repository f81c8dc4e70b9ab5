import { is, SQL } from "drizzle-orm";
import { Cache } from "../cache.ts";
import { writeDigits } from "../digits.ts";
import { MARK, type Names, takeApart } from "../drizzle/drizzle.ts";
import type { Row, Rows, WritePlan } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { flatColumn, flatMade, type RowsWriter, rowsWriter } from "./flat.ts";
import { numbered } from "./lift.ts";
import { hasDefault, madeValue } from "./made.ts";
import { syntaxOf } from "./syntax.ts";
import { wantsMapping } from "./value.ts";
import type { WriteOutcome } from "./write.ts";

/** A remembered statement, and what writes the row it returns, where that is not JSON already. */
interface InsertStatement {
  readonly text: string;
  readonly write: RowsWriter | undefined;
}

/** What came of a new row, and cells of it as text. */
export interface InsertOutcome extends WriteOutcome {
  readonly cells: readonly unknown[];
}

/** What a column of a new row gets. */
type Given =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string }
  | undefined;

/** Whether a column may come to hold integers beyond 2^53, which libsql refuses to read. */
const isNumeric = ({ column }: ColumnInfo): boolean => column.columnType.startsWith("SQLiteNumeric");

/** Inserts one row by a statement remembered by shape: which columns are given, what comes back, what is checked. */
export class InsertWriter {
  readonly #names: Names;
  readonly #dialect: Dialect;
  readonly #statements = new Cache<InsertStatement>(500);
  readonly #policies = new WeakMap<object, number>();
  #lastPolicy = 0;

  constructor(names: Names, dialect: Dialect) {
    this.#names = names;
    this.#dialect = dialect;
  }

  /** How many statements are remembered. */
  get size(): number {
    return this.#statements.size;
  }

  /** Whether a plan's answer is a row that nothing in must be mapped. */
  takes({ kind, answer }: WritePlan): boolean {
    const syntax = syntaxOf(this.#names.database);
    return (
      kind === "insert" &&
      answer.extras.size === 0 &&
      answer.relations.size === 0 &&
      !wantsMapping(answer, syntax) &&
      (this.#dialect.speaks === "postgresql"
        ? answer.columns.length <= syntax.maxMembers
        : !answer.columns.some(isNumeric))
    );
  }

  /**
   * Inserts a row; `undefined`, with nothing done, for one that holds SQL, which Drizzle writes. On SQLite it may be asked
   * for cells.
   */
  async insert(
    database: Database,
    plan: WritePlan,
    check: Rows,
    row: Row,
    cells: readonly ColumnInfo[] = [],
  ): Promise<InsertOutcome | undefined> {
    const columns: string[] = [];
    const marks: string[] = [];
    const values: unknown[] = [];
    const syntax = syntaxOf(this.#names.database);
    const { mark } = syntax;
    for (const column of plan.answer.table.columns.values()) {
      if (column.column.generated !== undefined) continue;
      const given = this.#given(column, row);
      if (given === undefined) continue;
      if (given.kind === "value" && is(given.value, SQL)) return undefined;
      columns.push(this.#names.column(column.column));
      marks.push(given.kind === "text" ? given.text : `${mark}${values.push(given.value)}${column.cast}`);
    }
    if (columns.length === 0) return undefined;
    const checked = typeof check === "string" ? undefined : takeApart(check, this.#names);
    const checkKey = typeof check === "string" ? check : checked!.parts.join(MARK);
    const key = `${this.#policyId(plan)};${plan.answer.columns.map(({ index }) => index).join()};${columns.join()};${marks.join()};${cells.map(({ index }) => index).join()};${checkKey}`;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      const condition =
        checked === undefined
          ? `1 = ${check === "none" ? 0 : 1}`
          : numbered(checked.parts, values.length + 1, syntax);
      statement = this.#write(plan, columns, marks, condition, cells);
      this.#statements.set(key, statement);
    }
    const all = checked === undefined ? values : [...values, ...checked.values];
    const found = await this.#dialect.query(database, statement.text, all);
    const [inserted] = found; // none where the database has dropped it
    const passed = inserted === undefined || inserted[0] === 1;
    const told = cells.map((_, index) => inserted?.[1 + index]);
    if (!passed || plan.countOnly) return { rowsAffected: found.length, passed, cells: told };
    if (inserted === undefined) return { json: "[]", rowsAffected: 0, passed, cells: told };
    const { write } = statement;
    const json =
      write === undefined ? `[${inserted[1] as string}]` : writeDigits(() => JSON.stringify(write(found)));
    return { json, rowsAffected: found.length, passed, cells: told };
  }

  #write(
    { answer }: WritePlan,
    columns: readonly string[],
    marks: readonly string[],
    condition: string,
    cells: readonly ColumnInfo[],
  ): InsertStatement {
    const { column: nameOf, database } = this.#names;
    const syntax = syntaxOf(database);
    const table = this.#names.table(answer.table.table);
    const named = (column: ColumnInfo): string => `${table}.${nameOf(column.column)}`;
    const passed = `case when ${condition} then 1 else 0 end`;
    const inserted = `insert into ${table} (${columns.join(", ")}) values (${marks.join(", ")}) returning`;
    if (this.#dialect.speaks === "postgresql") {
      const object = syntax.object(
        answer.columns.map((column) => [column.name, syntax.json(column, named(column))]),
      );
      return { text: `${inserted} ${passed}, ${syntax.document(object)}`, write: undefined };
    }
    const told = cells.map((column) => syntax.sentExtra(named(column)));
    // What a client or an author gave was checked; what the database makes may be of any size.
    const given = new Set(columns.filter((_, index) => marks[index]!.startsWith(syntax.mark)));
    const sent = answer.columns.map((column) =>
      given.has(nameOf(column.column)) ? flatColumn(column, named(column)) : flatMade(column, named(column)),
    );
    return {
      text: `${inserted} ${[passed, ...told, ...sent].join(", ")}`,
      write: rowsWriter(answer, 1 + cells.length, true),
    };
  }

  /** What Drizzle's own insert would give a column: the value, a default, or what an update would set. */
  #given(info: ColumnInfo, row: Row): Given {
    const { column, name } = info;
    const value = Object.hasOwn(row, name) ? row[name] : undefined;
    if (value !== undefined) return { kind: "value", value: driverValue(info, value) };
    // PostgreSQL gives the table's own default to what is not named.
    if (hasDefault(info) && this.#dialect.speaks === "sqlite") {
      if (!is(column.default, SQL)) return { kind: "value", value: driverValue(info, column.default) };
      const { parts, values } = takeApart(column.default, this.#names);
      return values.length === 0
        ? { kind: "text", text: `(${parts[0]!})` }
        : { kind: "value", value: column.default };
    }
    const made = madeValue(info);
    return made === undefined ? undefined : { kind: "value", value: driverValue(info, made) };
  }

  #policyId({ policy }: WritePlan): number {
    let id = this.#policies.get(policy);
    if (id === undefined) this.#policies.set(policy, (id = ++this.#lastPolicy));
    return id;
  }
}

/** A value as the driver takes it; `null` has no mapping, and SQL stays SQL. */
const driverValue = ({ encode }: ColumnInfo, value: unknown): unknown =>
  value === null || is(value, SQL) ? value : encode(value);
