import { type Column, is, SQL } from "drizzle-orm";
import { Cache } from "../cache.ts";
import type { Row, Rows, WritePlan } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { flatColumn, type RowsWriter, rowsWriter } from "./flat.ts";
import { lift, MARK, type Names, numbered } from "./lift.ts";
import { travelsAsText } from "./transport.ts";
import { wantsDecoding } from "./value.ts";
import type { WriteOutcome } from "./write.ts";

/** A remembered statement, and what writes the row it returns. */
interface InsertStatement {
  readonly text: string;
  readonly write: RowsWriter;
}

/** What a column of a new row gets. */
type Given =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string }
  | undefined;

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

  /** Whether a plan's answer is a row as SQLite stores it, so that nothing must be decoded. */
  static takes({ kind, answer }: WritePlan): boolean {
    return (
      kind === "insert" &&
      answer.extras.size === 0 &&
      answer.relations.size === 0 &&
      !wantsDecoding(answer) &&
      !answer.columns.some((column) => travelsAsText(column, false))
    );
  }

  /** Inserts a row; `undefined`, with nothing done, for one that holds SQL, which Drizzle writes. */
  async insert(
    database: Database,
    plan: WritePlan,
    check: Rows,
    row: Row,
  ): Promise<WriteOutcome | undefined> {
    const columns: string[] = [];
    const marks: string[] = [];
    const values: unknown[] = [];
    for (const column of plan.answer.table.columns.values()) {
      if (column.column.generated !== undefined) continue;
      const given = this.#given(column, row);
      if (given === undefined) continue;
      if (given.kind === "value" && is(given.value, SQL)) return undefined;
      columns.push(this.#names.column(column.column));
      marks.push(given.kind === "text" ? given.text : `?${values.push(given.value)}`);
    }
    if (columns.length === 0) return undefined;
    const checked = typeof check === "string" ? undefined : lift(check, this.#names);
    const checkKey = typeof check === "string" ? check : checked!.parts.join(MARK);
    const key = `${this.#policyId(plan)};${plan.answer.columns.map(({ index }) => index).join()};${columns.join()};${marks.join()};${checkKey}`;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      const condition =
        checked === undefined ? (check === "none" ? "0" : "1") : numbered(checked.parts, values.length + 1);
      statement = this.#write(plan, columns, marks, condition);
      this.#statements.set(key, statement);
    }
    const bound = checked === undefined ? values : [...values, ...checked.values];
    const found = await this.#dialect.query(database, statement.text, bound);
    const passed = found[0]?.[plan.answer.columns.length] === 1;
    if (!passed || plan.countOnly) return { rowsAffected: found.length, passed };
    return { json: JSON.stringify(statement.write(found)), rowsAffected: found.length, passed };
  }

  #write(
    { answer }: WritePlan,
    columns: readonly string[],
    marks: readonly string[],
    condition: string,
  ): InsertStatement {
    const table = this.#names.table(answer.table.table);
    const sent = answer.columns.map((column) =>
      flatColumn(column, `${table}.${this.#names.column(column.column)}`),
    );
    const returned = [...sent, `case when ${condition} then 1 else 0 end`].join(", ");
    const text = `insert into ${table} (${columns.join(", ")}) values (${marks.join(", ")}) returning ${returned}`;
    return { text, write: rowsWriter(answer) };
  }

  /** What Drizzle's own insert would give a column: the value, a default, or what an update would set. */
  #given({ column, name }: ColumnInfo, row: Row): Given {
    const value = Object.hasOwn(row, name) ? row[name] : undefined;
    if (value !== undefined) return { kind: "value", value: driverValue(column, value) };
    if (column.default !== undefined && column.default !== null) {
      if (!is(column.default, SQL)) return { kind: "value", value: driverValue(column, column.default) };
      const { parts, values } = lift(column.default, this.#names);
      return values.length === 0
        ? { kind: "text", text: `(${parts[0]!})` }
        : { kind: "value", value: column.default };
    }
    const made: unknown = column.defaultFn?.() ?? column.onUpdateFn?.();
    return made === undefined ? undefined : { kind: "value", value: driverValue(column, made) };
  }

  #policyId({ policy }: WritePlan): number {
    let id = this.#policies.get(policy);
    if (id === undefined) this.#policies.set(policy, (id = ++this.#lastPolicy));
    return id;
  }
}

/** A value as the driver takes it; `null` has no mapping, and SQL stays SQL. */
const driverValue = (column: Column, value: unknown): unknown =>
  value === null || is(value, SQL) ? value : column.mapToDriverValue(value);
