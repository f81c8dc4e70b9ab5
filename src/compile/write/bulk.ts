import { is, SQL } from "drizzle-orm";
import type { Row, Rows } from "../../author/author.ts";
import { Cache, LONGEST, Seen } from "../../cache.ts";
import { type Lifted, MARK, takeApart } from "../../drizzle/drizzle.ts";
import type { WritePlan } from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import { flatColumn, flatMade, type RowsWriter, rowsWriter, wantsMapping } from "../../syntax/syntax.ts";
import { policyId } from "../slots.ts";
import { rowsCondition } from "../sql/condition.ts";
import { numbered } from "../sql/lift.ts";
import { among, tableName, writtenRows } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Bulk } from "../statement.ts";
import { TOLD } from "./change.ts";
import { apart, type Apart, givenRows } from "./given.ts";
import { guarded } from "./guard.ts";
import { isNumeric } from "./insert.ts";
import { change, givenColumns, insertion } from "./listed.ts";
import { bothOf, mergedTail, mergedText, type Merging } from "./merged.ts";
import { besideRows, eachOwn, isMet } from "./met.ts";
import { fieldsOf, keepsRows, type Write } from "./parts.ts";
import type { Known } from "./steps.ts";
import { keyOf, tellingOf, toldFields, toldIn } from "./told.ts";

/** What the texts of a generation may have in characters, with their keys. */
const MAX_CHARACTERS = 524_288;

/** A text for any number of rows. */
interface BulkText {
  readonly text: string;
  /** Values that are the same for all rows, and stand before these. */
  readonly constants: readonly unknown[];
  readonly toRows: RowsWriter;
}

/** What stands behind the rows of a statement: which it reaches, and what these are asked once they are written. */
interface Conditions {
  readonly where: Lifted | undefined;
  readonly check: Lifted | undefined;
  /** What is one value for all rows. */
  readonly shared?: Apart["shared"];
  /** Whether `where` says what becomes of rows that are met, and the statement undoes itself where any does not pass. */
  readonly merges?: boolean;
}

const NOTHING: Lifted = { parts: [""], values: [] };

/**
 * Writes many rows by texts remembered by shape: which columns are given, what comes back, what is checked. Rows come back
 * as they are stored, and what is answered of them is made here.
 */
export class BulkWriter {
  readonly #speech: Speech;
  readonly #texts = new Cache<BulkText>(200, {
    most: MAX_CHARACTERS,
    weigh: (key, { text }) => key.length + text.length,
  });
  readonly #seen = new Seen();
  readonly #taken = new WeakMap<WritePlan, boolean>();

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** How many texts are remembered. */
  get size(): number {
    return this.#texts.size;
  }

  /** Whether a write's rows are answered as they are stored, and nobody asks for more of them. */
  takes(write: Write): boolean {
    const { plan, ensure, increments } = write;
    let taken = this.#taken.get(plan);
    if (taken === undefined) this.#taken.set(plan, (taken = this.#isFlat(plan)));
    return taken && ensure === "all" && increments.length === 0 && !keepsRows(write);
  }

  #isFlat({ kind, answer, policy }: WritePlan): boolean {
    const { selected, extras, relations, counts, secured } = answer;
    const { flat, syntax, database } = this.#speech;
    if (extras.size + relations.size + counts.size > 0 || wantsMapping(answer, syntax)) return false;
    if (secured.table.primaryKey.length === 0) return false;
    // What every change counts up is each row's own.
    if (kind === "update" && policy.facts?.version !== undefined) return false;
    if (database === "postgresql") return flat.says(answer);
    // Of rows that are there already other columns may hold what nobody has checked.
    const plain = ({ kind }: ColumnInfo): boolean => kind !== "json" && kind !== "bigint";
    return (
      !selected.some(isNumeric) &&
      (kind === "insert" || selected.every(({ expression }) => plain(expression.column)))
    );
  }

  /** Inserts rows that are made; `undefined` where a text cannot say them. */
  insert(write: Write, check: Rows, made: readonly Row[]): Bulk | undefined {
    const { plan } = write;
    const { table } = plan.answer.secured;
    const given = givenColumns(made, table.columns.values());
    if (given === undefined || given.length === 0) return undefined;
    const { own, shared } = this.#apart(plan, given, made);
    const json = givenRows(made, own);
    if (json === undefined) return undefined;
    const conditions = { where: undefined, check: this.#lifted(check), shared };
    const text = this.#text(write, own, conditions, () => insertion(plan, own, "", this.#speech, { shared }));
    return this.#bulk(write, check, text, json, conditions);
  }

  /** Changes rows that were met, each to its own values; `undefined` where a text cannot say it. */
  update(write: Write, check: Rows, values: readonly Row[], { keys, held }: Known): Bulk | undefined {
    const { plan } = write;
    const { table } = plan.answer.secured;
    const set = changedColumns(values[0]!, table.columns.values());
    if (keys === undefined || held !== undefined || set === undefined) return undefined;
    const { given, beside } = set;
    const rows = Object.keys(beside).length === 0 ? values : values.map((row) => ({ ...row, ...beside }));
    const before = keys.map((told) => keyOf(told, table.database));
    const known = before.every((cells) => cells !== undefined);
    const json = known ? givenRows(rows, given, before) : undefined;
    if (json === undefined) return undefined;
    const admitted = write.rows();
    const { where } = admitted;
    const conditions = { where: where && takeApart(where, this.#speech), check: this.#lifted(check) };
    const text = this.#text(write, given, conditions, () => {
      const from = besideRows(plan, given, "");
      const update = {
        kind: "update",
        rows: among(admitted, isMet(plan)),
        from,
        set: eachOwn(given),
      } as const;
      return change(update, table.columns, this.#speech);
    });
    return this.#bulk(write, check, text, json, conditions);
  }

  /**
   * Inserts rows that are made, and changes those that others meet, by a statement that undoes itself; `undefined` where a
   * text cannot say it.
   */
  merge(merging: Merging, made: readonly Row[], changes: readonly Row[]): Bulk | undefined {
    const { insert, update } = merging;
    const { plan } = insert;
    const columns = [...plan.answer.secured.table.columns.values()];
    const set = changedColumns(changes[0]!, columns);
    const given = givenColumns(made, columns);
    if (set === undefined || given === undefined || given.length === 0) return undefined;
    const { own, shared } = this.#apart(plan, given, made);
    const json = givenRows(made, own);
    if (json === undefined) return undefined;
    const tail = mergedTail(merging, { made, changes, set: set.given, beside: set.beside }, this.#speech);
    if (tail === undefined) return undefined;
    const check = bothOf(insert.check, update.check);
    const where = takeApart(tail, this.#speech);
    const conditions = { where, check: this.#lifted(check), shared, merges: true };
    const text = this.#text(insert, own, conditions, () =>
      insertion(plan, own, "", this.#speech, { met: tail, shared }),
    );
    const bulk = this.#bulk(insert, check, text, json, conditions);
    return { ...bulk, values: [...bulk.values, made.length] };
  }

  #apart({ policy }: WritePlan, given: readonly ColumnInfo[], made: readonly Row[]): Apart {
    return this.#speech.database === "sqlite"
      ? { own: given, shared: [] }
      : apart(given, made, policy.writable);
  }

  #bulk(
    write: Write,
    check: Rows,
    { text, constants, toRows }: BulkText,
    json: string,
    { where = NOTHING, check: asked, shared = [], merges = false }: Conditions,
  ): Bulk {
    const { plan } = write;
    const { selected, secured } = plan.answer;
    return {
      kind: "bulk",
      text,
      values: [
        ...shared.map((one) => one.text),
        ...constants,
        json,
        ...where.values,
        ...(asked ?? NOTHING).values,
      ],
      toRows,
      width: selected.length,
      checked: asked !== undefined,
      merges,
      told: tellingOf(plan).primaryKey.map(({ name }) => TOLD + name),
      otherwise: (told) => ({
        kind: "select",
        fields: { ...fieldsOf(write, check), ...toldFields(plan) },
        from: writtenRows(secured, toldIn(told, plan)),
      }),
    };
  }

  #lifted(rows: Rows): Lifted | undefined {
    const condition = rowsCondition(rows);
    return condition && takeApart(condition, this.#speech);
  }

  #text(
    { plan }: Write,
    given: readonly ColumnInfo[],
    { where, check, shared = [], merges = false }: Conditions,
    write: () => SQL,
  ): BulkText {
    const { selected, secured } = plan.answer;
    const { meeting, kind } = plan;
    const sent = selected.map(({ expression }) => expression.column.index).join();
    const columns = given.map(({ index }) => index).join();
    const met = meeting === undefined ? "" : meeting.target.map(({ index }) => index).join();
    // With how many values there are, so that where one condition ends is certain.
    const asked = [where, check]
      .map((lifted) => lifted && `${lifted.values.length}${MARK}${lifted.parts.join(MARK)}`)
      .join(";");
    const same = shared.map(({ info }) => info.index).join();
    const key = `${merges ? "merge" : kind};${policyId(secured.policy)};${sent};${columns};${same};${met};${asked}`;
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    // The rows are the last value before those of the condition.
    const lifted = takeApart(write(), this.#speech);
    const constants = lifted.values.slice(shared.length, -1 - (where?.values.length ?? 0));
    const checked = check === undefined ? "" : this.#checked(check, lifted.values.length + 1, merges);
    const { toRows, returned } = this.#returned(plan, new Set(kind === "insert" ? given : []));
    const cells = [...returned, ...this.#told(plan, checked)];
    const written = `${numbered(lifted, 1, this.#speech.syntax)} returning `;
    const last = lifted.values.length + (check?.values.length ?? 0) + 1;
    const made = {
      text: merges
        ? mergedText(written, cells, { table: tableName(plan.answer, this.#speech), last }, this.#speech)
        : written + cells.join(", "),
      constants,
      toRows,
    };
    if (made.text.length <= LONGEST && this.#seen.before(key)) this.#texts.set(key, made);
    return made;
  }

  #checked(check: Lifted, first: number, guards: boolean): string {
    const condition = numbered(check, first, this.#speech.syntax);
    return guards ? guarded(condition, this.#speech) : `case when ${condition} then 1 else 0 end`;
  }

  /** What stands behind the answer of a row: whether it passes, where it is asked, and what tells it. */
  #told(plan: WritePlan, checked: string): readonly string[] {
    const { database, syntax, column } = this.#speech;
    const table = tableName(plan.answer, this.#speech);
    const told = tellingOf(plan).primaryKey.map((key) => {
      const named = `${table}.${column(key.column)}`;
      return database === "sqlite" ? syntax.sentExtra(named) : `${named}::text`;
    });
    return checked === "" ? told : [checked, ...told];
  }

  /** What is answered of a row; what a client or an author gave was checked, the database may hold anything. */
  #returned(
    { answer }: WritePlan,
    given: ReadonlySet<ColumnInfo>,
  ): { readonly returned: readonly string[]; readonly toRows: RowsWriter } {
    const { database, flat, column: nameOf } = this.#speech;
    const table = tableName(answer, this.#speech);
    const sqlite = database === "sqlite";
    const returned = answer.selected.map(({ expression: { column } }) => {
      const named = `${table}.${nameOf(column.column)}`;
      if (!sqlite) return flat.column(column, named);
      return given.has(column) ? flatColumn(column, named) : flatMade(column, named);
    });
    return { returned, toRows: sqlite ? rowsWriter(answer, 0, true) : flat.toRows(answer) };
  }
}

/**
 * The columns that a change sets, and the values of those that its schema's functions make beside what each row gives;
 * `undefined` where one is SQL.
 */
function changedColumns(
  first: Row,
  columns: Iterable<ColumnInfo>,
): { readonly given: readonly ColumnInfo[]; readonly beside: Row } | undefined {
  const given: ColumnInfo[] = [];
  const beside: Row = {};
  for (const info of columns) {
    const { name, column } = info;
    const own = Object.hasOwn(first, name);
    if (!own && column.onUpdateFn === undefined) continue;
    given.push(info);
    if (own) continue;
    const made: unknown = column.onUpdateFn!() ?? null;
    if (is(made, SQL)) return undefined;
    beside[name] = made;
  }
  return given.length === 0 ? undefined : { given, beside };
}
