import { type SQL, sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import { type Names, textOf } from "../../drizzle/drizzle.ts";
import type { SecuredRelation } from "../../plan/plan.ts";
import { type ColumnInfo, rowNumbersOf, typeName } from "../../schema/schema.ts";
import { list } from "../sql/list.ts";
import { joinedByKey } from "../sql/secured.ts";
import { cellOf, cellValue, storedValue } from "./cell.ts";
import { MAX_VALUES } from "./keys.ts";
import { mentions, speaksOf } from "./reach.ts";

/** Names no column has. */
const CELL = "~cell:";
const NUMBER = "~number:";
const WHOLE = "~whole";

/**
 * The cells of rows as text that holds any value, to be bound again as what they are: those that a condition speaks of,
 * and with `keyed` those that tell rows apart.
 */
export class Cells {
  readonly columns: readonly ColumnInfo[];
  readonly #secured: SecuredRelation;
  readonly #sqlite: boolean;
  /** The condition may speak of a row's own number. */
  readonly #numbers: readonly string[];

  constructor(secured: SecuredRelation, condition: SQL, names: Names, keyed: boolean) {
    const { table } = secured;
    const text = textOf(condition, names);
    const all = [...table.columns.values()];
    this.columns = all.filter((column) => speaksOf(text, column, names) || (keyed && column.primary));
    this.#secured = secured;
    this.#sqlite = table.database === "sqlite";
    this.#numbers = this.#sqlite ? rowNumbersOf(table).filter((name) => mentions(text, name)) : [];
  }

  /** How many values stand for a row. */
  get width(): number {
    return this.#sqlite ? this.columns.length + this.#numbers.length : 1;
  }

  /** Rows, as many together as one statement binds. */
  together<T>(rows: readonly T[]): readonly (readonly T[])[] {
    const size = Math.max(1, Math.floor(MAX_VALUES / this.width));
    return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
      rows.slice(index * size, (index + 1) * size),
    );
  }

  /** Whether a row needs more than the cells of its columns. */
  get hasMore(): boolean {
    return !this.#sqlite || this.#numbers.length > 0;
  }

  /** What a statement returns of its rows. */
  fields(): Row {
    const fields: Row = {};
    for (const { name, index, column } of this.columns)
      fields[CELL + name] = this.#cell(sql`${column}`).as(`${CELL}${index}`);
    for (const name of this.#numbers) fields[NUMBER + name] = this.#cell(sql.raw(name)).as(NUMBER + name);
    // Only the row as a whole has all of its types.
    if (!this.#sqlite) fields[WHOLE] = sql`(${joinedByKey(this.#secured)}.*)::text`.as(WHOLE);
    return fields;
  }

  /** A row of which the cells are known. */
  row(cells: readonly unknown[]): Row {
    return Object.fromEntries(this.columns.map(({ name }, index) => [CELL + name, cells[index]]));
  }

  /** All that these cells tell of rows: equal texts, equal rows. */
  told(rows: readonly Row[]): string {
    const told = rows.map((row) => JSON.stringify(this.columns.map((column) => this.of(row, column))));
    return told.toSorted().join();
  }

  #cell(value: SQL): SQL {
    return cellOf(this.#sqlite ? "sqlite" : "postgresql", value);
  }

  /** A cell of a row that came back: equal texts are equal values. */
  of = (row: Row, { name }: ColumnInfo): string | null => row[CELL + name] as string | null;

  /** A cell as a value of its column. */
  value(cell: string | null, column: ColumnInfo): SQL {
    if (this.#sqlite && cell === null) return nullOf(column);
    return cellValue(this.#sqlite ? "sqlite" : "postgresql", cell, typeName(column.column));
  }

  /** Rows that came back, as a select of values that compare as their columns do. */
  select(rows: readonly Row[]): SQL {
    const table = joinedByKey(this.#secured);
    if (!this.#sqlite) {
      const whole = rows.map((row) => sql`(${row[WHOLE]}::text::${table})`);
      return sql`select ("row").* from (values ${list(whole)}) as "~values" ("row")`;
    }
    const numbers = this.#numbers.map((name) => sql.raw(name));
    const names = list([...this.columns.map(({ column }) => sql`${column}`), ...numbers, sql`1`]);
    const values = rows.map((row) => {
      const own = this.columns.map((column) => this.value(this.of(row, column), column));
      const number = this.#numbers.map((name) => storedValue(row[NUMBER + name] as string));
      return sql`(${list([...own, ...number, sql`1`])})`;
    });
    // The first part has no rows, and says how each column compares: its affinity and its collation.
    return sql`select ${names} from ${table} where 1 = 0 union all values ${list(values)}`;
  }
}

/** Without its type the first row of several would take it from the others. */
const nullOf = ({ type }: ColumnInfo): SQL =>
  /^[a-z_][\w ]*(?:\([\d, ]*\))?$/.test(type) ? sql`cast(null as ${sql.raw(type)})` : sql`null`;
