import { same, type Seen } from "./laws.ts";
import { type Cell, PG_MODES, type PgMode } from "./pg-values.ts";
import { PG_TONGUE, written } from "./pg-worlds.ts";
import { admitted, type Asking, membersOf, shown } from "./world-laws.ts";
import { type DrawnExtra, type DrawnRule, EVERYTHING, readableOf, relationOf } from "./world-rules.ts";
import {
  columnOf,
  type DrawnColumn,
  type DrawnTable,
  type DrawnWorld,
  type OpenWorld,
  quoted,
  tableOf,
} from "./worlds.ts";

// What a read must answer, told without the engine: the rows are those that were drawn, each condition is asked of the
// database by itself, with its values written out, and everything else is done here.

/** The specification leaves open what is answered. */
class Undecided extends Error {}
/** Stands for a value that is not laid down. */
const ANY = Symbol("any");

type Truth = boolean | null;
type Test = (row: number) => Truth;

/** Rows as they are expected, or the names of what is expected in any order. */
interface Page {
  readonly rows: readonly Record<string, unknown>[];
  readonly ordered: boolean;
}

const modeOf = ({ mode }: DrawnColumn): PgMode => PG_MODES[mode]!;

export class Oracle {
  readonly #open: OpenWorld;
  readonly #answers = new Map<string, Promise<any>>();
  /** How the database folds the case of a letter. */
  readonly #fold: (text: string) => string;
  decided = 0;
  undecided = 0;

  constructor(open: OpenWorld, foldsAll: boolean) {
    this.#open = open;
    this.#fold = foldsAll
      ? (text) => Array.from(text, (letter) => letter.toLowerCase()).join("")
      : (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  }

  /** What is wrong with an answer. */
  async fault({ status, body }: Seen, asking: Asking): Promise<string | undefined> {
    const { entry, flags, table, rule, selector } = asking;
    const wish = /findFirst(=F)?/.exec(flags);
    const asked = wish === null ? undefined : wish[1] === undefined;
    const contradicts = asked !== undefined && entry.findFirst !== undefined && asked !== entry.findFirst;
    const refused =
      contradicts ||
      (rule.select as unknown) === undefined ||
      surpasses(this.#open.world, table, rule, selector ?? {});
    if (status >= 400)
      return refused || asking.dubious === true
        ? undefined
        : `refused, and nothing is wrong with it: ${body.error}`;
    if (refused) return "answered, and must be refused";
    try {
      const expected = await this.#body(asking, asked ?? entry.findFirst ?? false);
      const fault = misfit(expected, body, "");
      this.decided++;
      return fault;
    } catch (error) {
      if (!(error instanceof Undecided)) throw error;
      this.undecided++;
      return undefined;
    }
  }

  async #body(
    { table, rule, entry, selector, flags, me, dubious }: Asking,
    first: boolean,
  ): Promise<unknown> {
    const admitted = await this.#admitted(table, rule, me);
    const total = /countTotal=F/.test(flags) ? false : /countTotal/.test(flags) || entry.countTotal === true;
    const wish = selector ?? {};
    const node = await this.#node(table, rule, wish, me, first ? 1 : undefined, dubious === true);
    const page = await node(() => true);
    const { members } = membersOf(table, rule, wish);
    const counted = members.length === 0;
    return {
      ...(total && { total: admitted.size }),
      ...(!(first && !counted) && { count: page.rows.length }),
      ...(!counted && { x: first ? (page.rows[0] ?? null) : page.ordered ? page.rows : new Set(page.rows) }),
    };
  }

  /** What a node answers of the rows that belong to it. */
  async #node(
    table: DrawnTable,
    rule: DrawnRule,
    selector: any,
    me: number,
    most: number | undefined,
    dubious: boolean,
    one = false,
  ): Promise<(belongs: (row: number) => boolean) => Promise<Page>> {
    const admitted = await this.#admitted(table, rule, me);
    const keeps =
      selector.where === undefined ? () => true : await this.#filter(table, rule, selector.where, dubious);
    const { wanted } = membersOf(table, rule, selector);
    const columns = readableOf(rule, table).filter(({ name }) => wanted.includes(name));
    const extras = Object.entries(rule.extras).filter(([name]) => wanted.includes(name));
    if (extras.some(([, { kind }]) => kind in PG_TONGUE.aggregates)) throw new Undecided();
    const relations = await Promise.all(
      Object.entries<any>(selector.with ?? {})
        .filter(([, wish]) => wish !== false)
        .map(async ([name, wish]) => {
          const relation = relationOf(table, name)!;
          const inner = rule.with[name]!;
          const innerRule = typeof inner === "object" ? inner : EVERYTHING;
          const target = tableOf(this.#open.world, relation.target);
          const node = await this.#node(
            target,
            innerRule,
            wish === true ? {} : wish,
            me,
            undefined,
            dubious,
            !relation.many,
          );
          return { ...relation, target, node };
        }),
    );
    const asked = Object.entries<any>(selector.orderBy ?? rule.orderBy ?? {});
    const alone = columns.length === 0 && extras.length > 0 && relations.length === 0;
    const rest = alone ? [] : uniqueOf(table, rule).filter((name) => !asked.some(([key]) => key === name));
    const keys = [...asked, ...rest.map((name) => [name, "asc"] as const)];
    const ranks = await Promise.all(
      keys.map(async ([name, way]) => ({
        of: await this.#ranks(table, name),
        sign: way === "asc" || way === 1 ? 1 : -1,
      })),
    );
    const compare = (a: number, b: number): number => {
      for (const { of, sign } of ranks) if (of[a] !== of[b]) return (of[a]! - of[b]!) * sign;
      return 0;
    };
    const limit = one
      ? 1
      : Math.min(
          selector.limit ?? Infinity,
          rule.maxLimit === undefined ? 100 : (rule.maxLimit ?? Infinity),
          most ?? Infinity,
        );
    const offset = selector.offset ?? 0;
    return async (belongs) => {
      const found = table.rows
        .map((_, index) => index)
        .filter((index) => belongs(index) && admitted.has(index + 1) && keeps(index) === true)
        .toSorted(compare);
      const rows: Record<string, unknown>[] = [];
      for (const index of found) {
        const row: Record<string, unknown> = {};
        for (const { name } of columns) row[name] = jsonOf(table.rows[index]![name]);
        for (const [name, extra] of extras) row[name] = await this.#extra(table, extra, index);
        for (const { name, many, on, target, node } of relations) {
          const page = await node((other) =>
            on.every(([from, to]) => joins(table.rows[index]![from], target.rows[other]![to])),
          );
          row[name] = many ? (page.ordered ? page.rows : new Set(page.rows)) : (page.rows[0] ?? null);
        }
        rows.push(row);
      }
      const tied = found.some(
        (row, index) =>
          index > 0 &&
          compare(found[index - 1]!, row) === 0 &&
          misfit(rows[index - 1], rows[index], "") !== undefined,
      );
      const cuts = offset > 0 || limit < rows.length;
      if (tied && cuts && limit > 0 && offset < rows.length) throw new Undecided();
      return { rows: rows.slice(offset, offset + limit), ordered: !tied };
    };
  }

  async #extra(table: DrawnTable, { kind, column, relation }: DrawnExtra, row: number): Promise<unknown> {
    if (kind === "count") {
      const { target, on } = relationOf(table, relation!)!;
      return tableOf(this.#open.world, target).rows.filter((other) =>
        on.every(([from, to]) => joins(table.rows[row]![from], other[to])),
      ).length;
    }
    if (relation !== undefined) return ANY;
    const drawn = columnOf(table, column);
    const cell = table.rows[row]![column] as Cell | null;
    // Drizzle's own mapping takes what is endless and the years before 100 for others, and reads JSON's texts once more.
    if (kind === "mapped") return / BC$|^00|infinity|^"/.test(cell?.text ?? "") ? ANY : jsonOf(cell);
    if (kind === "value") return 0.1;
    if (kind === "nothing") return null;
    if (kind === "flag") return cell === null;
    if (kind === "moment") return "2024-02-29T12:34:56.789";
    if (kind === "day") return "2024-02-29";
    if (kind === "bytes" && drawn.mode === "text")
      return cell === null ? null : Buffer.from(cell.text).toString("base64");
    if (kind === "jsonb" && drawn.mode === "text") return cell === null ? null : cell.text;
    const { spoken } = modeOf(drawn);
    if (kind === "column" && spoken !== undefined) return cell === null ? null : spoken(cell);
    return ANY;
  }

  // --- what is asked of the database -----------------------------------------------------------------------------------

  #once<T>(key: unknown, ask: () => Promise<T>): Promise<T> {
    const text = shown(key);
    let answer = this.#answers.get(text);
    if (answer === undefined) this.#answers.set(text, (answer = ask()));
    return answer;
  }

  /** The numbers of the rows that a rule admits. */
  async #admitted(table: DrawnTable, { where }: DrawnRule, me: number): Promise<ReadonlySet<number>> {
    const found = await this.#once([table.name, where, me], () =>
      admitted(this.#open, table, where, me, PG_TONGUE),
    );
    return new Set([...found].map(Number));
  }

  /** The place of each row in the order of a column, nothing first. */
  async #ranks(table: DrawnTable, name: string): Promise<readonly number[]> {
    const column = quoted(this.#open.nameOf(table, name));
    const rows = await this.#once(["rank", table.name, name], () =>
      this.#open.query(
        `select "~row", dense_rank() over (order by ${column} asc nulls first) from ${this.#open.source(table)} order by 1`,
      ),
    );
    return rows.map(([, rank]) => Number(rank));
  }

  async #filter(table: DrawnTable, rule: DrawnRule, filter: unknown, dubious: boolean): Promise<Test> {
    const atoms: string[] = [];
    const answers: (readonly Truth[])[] = [];
    const reader = new FilterReader(
      table,
      readableOf(rule, table),
      this.#fold,
      (sql) => {
        const place = atoms.push(sql) - 1;
        return (row) => answers[place]![row]!;
      },
      (column) => quoted(this.#open.nameOf(table, column)),
    );
    let test: Test;
    try {
      test = reader.read(filter);
    } catch (error) {
      if (dubious) throw new Undecided();
      throw error;
    }
    if (atoms.length > 0) {
      const text = `select ${atoms.map((atom) => `(${atom})::text`).join(", ")} from ${this.#open.source(table)} order by "~row"`;
      let rows: readonly (readonly unknown[])[];
      try {
        rows = await this.#once(text, () => this.#open.query(text));
      } catch (error) {
        if (dubious) throw new Undecided();
        throw error;
      }
      for (const place of atoms.keys())
        answers.push(rows.map((row) => (row[place] === null ? null : row[place] === "true")));
    }
    return test;
  }
}

const jsonOf = (cell: unknown): unknown => (cell === null ? null : (cell as Cell).json);
const joins = (from: unknown, to: unknown): boolean =>
  from !== null && to !== null && (from as Cell).same === (to as Cell).same;

/** What tells rows apart: the key, else whatever is readable and has an order. */
const uniqueOf = (table: DrawnTable, rule: DrawnRule): readonly string[] =>
  table.key.length > 0
    ? table.key
    : readableOf(rule, table)
        .filter((column) => PG_TONGUE.isOrdered(column))
        .map(({ name }) => name);

/** Whether a selector asks for more rows than a rule allows. */
function surpasses(world: DrawnWorld, table: DrawnTable, rule: DrawnRule, selector: any): boolean {
  const most = rule.maxLimit === undefined ? 100 : (rule.maxLimit ?? Infinity);
  if (rule.onSurpassMaxLimit !== "Limit" && (selector.limit ?? 0) > most) return true;
  return Object.entries<any>(selector.with ?? {}).some(([name, wish]) => {
    const inner = rule.with[name];
    const relation = relationOf(table, name);
    if (typeof wish !== "object" || relation === undefined || typeof inner !== "object") return false;
    return surpasses(world, tableOf(world, relation.target), inner, wish);
  });
}

// --- filters -----------------------------------------------------------------------------------------------------------

const not = (truth: Truth): Truth => (truth === null ? null : !truth);
const and = (truths: readonly Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes(null) ? null : true;
const or = (truths: readonly Truth[]): Truth => not(and(truths.map(not)));

const SIGNS: Readonly<Record<string, string>> = {
  eq: "=",
  ne: "<>",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  arrayContains: "@>",
  arrayContained: "<@",
  arrayOverlaps: "&&",
};

class FilterReader {
  readonly #table: DrawnTable;
  readonly #readable: readonly DrawnColumn[];
  readonly #fold: (text: string) => string;
  readonly #atom: (sql: string) => Test;
  readonly #named: (column: string) => string;

  constructor(
    table: DrawnTable,
    readable: readonly DrawnColumn[],
    fold: (text: string) => string,
    atom: (sql: string) => Test,
    named: (column: string) => string,
  ) {
    this.#table = table;
    this.#readable = readable;
    this.#fold = fold;
    this.#atom = atom;
    this.#named = named;
  }

  read(filter: any): Test {
    if (Array.isArray(filter)) return this.#group(filter, or);
    const tests = Object.entries<any>(filter).map(([key, value]): Test => {
      const whole = this.#readable.find(({ name }) => name === key);
      if (whole !== undefined) return this.#condition(whole, "eq", value);
      if (key === "AND") return this.#group(value, and);
      if (key === "OR") return this.#group(value, or);
      if (key === "NOT") {
        const inner = this.read(value);
        return (row) => not(inner(row));
      }
      const dot = key.lastIndexOf(".");
      const column = this.#readable.find(({ name }) => name === key.slice(0, dot));
      if (column === undefined) throw new Error(`no column for ${key}`);
      return this.#condition(column, key.slice(dot + 1), value);
    });
    return (row) => and(tests.map((test) => test(row)));
  }

  #group(parts: readonly unknown[], join: (truths: readonly Truth[]) => Truth): Test {
    const tests = parts.map((part) => this.read(part));
    return (row) => join(tests.map((test) => test(row)));
  }

  #condition(column: DrawnColumn, by: string, operand: any): Test {
    const { read, between } = modeOf(column);
    const finer = between !== undefined && [operand].flat().some((sent) => between.values.has(sent));
    const compared = (value: string): string => (finer ? between.of(value) : value);
    const named = this.#named(column.name);
    const name = compared(named);
    const value = (sent: unknown): string =>
      (finer ? between.values.get(sent) : undefined) ?? compared(written(column, read(sent)));
    switch (by) {
      case "isNull":
      case "isNotNull":
        return this.#atom(`${named} is ${(by === "isNull") === operand ? "" : "not "}null`);
      case "in":
      case "inArray":
      case "notIn":
      case "notInArray": {
        const included = by.startsWith("in");
        if (operand.length === 0) return () => !included;
        return this.#atom(`${name} ${included ? "" : "not "}in (${operand.map(value).join(", ")})`);
      }
      case "between":
        return this.#atom(`${name} >= ${value(operand[0])} and ${name} <= ${value(operand[1])}`);
      case "notBetween":
        return this.#atom(`${name} < ${value(operand[0])} or ${name} > ${value(operand[1])}`);
      case "like":
      case "notLike":
      case "ilike":
      case "notIlike":
        return this.#pattern(column, by, operand);
    }
    if (operand === null) return this.#atom(`${name} is ${by === "eq" ? "" : "not "}null`);
    const sign = SIGNS[by];
    if (sign !== undefined) return this.#atom(`${name} ${sign} ${value(operand)}`);
    return this.#text(column, by, operand);
  }

  /** A text inside another, where JavaScript looks for it. */
  #text({ name }: DrawnColumn, by: string, operand: string): Test {
    const fold = by.startsWith("i") ? this.#fold : (text: string): string => text;
    const wanted = fold(operand);
    const test = /contains$/i.test(by)
      ? (text: string) => text.includes(wanted)
      : /startsWith$/i.test(by)
        ? (text: string) => text.startsWith(wanted)
        : (text: string) => text.endsWith(wanted);
    return this.#cell(name, (text) => test(fold(text)));
  }

  #pattern({ name }: DrawnColumn, by: string, operand: string): Test {
    const fold = /ilike/i.test(by) ? this.#fold : (text: string): string => text;
    const source = fold(operand).replace(
      /\\(.)|[%_]|[.*+?^${}()|[\]/-]/gsu,
      (token, escaped: string | undefined) =>
        token === "%"
          ? "[^]*"
          : token === "_"
            ? "[^]"
            : `\\u{${(escaped ?? token).codePointAt(0)!.toString(16)}}`,
    );
    const expression = new RegExp(`^${source}$`, "u");
    return this.#cell(name, (text) => expression.test(fold(text)) !== by.startsWith("not"));
  }

  #cell(name: string, test: (text: string) => boolean): Test {
    return (row) => {
      const cell = this.#table.rows[row]![name] as Cell | null;
      return cell === null ? null : test(cell.json as string);
    };
  }
}

// --- comparing ---------------------------------------------------------------------------------------------------------

/** Where an answer is not what is expected; a set is a list in any order. */
function misfit(expected: any, answered: any, at: string): string | undefined {
  const differs = (): string =>
    `${shown(answered)?.slice(0, 300)} at ${at}, where ${tell(expected)} is expected`;
  if (expected === ANY) return undefined;
  if (expected instanceof Set) {
    const left = Array.isArray(answered) ? [...(answered as unknown[])] : [];
    for (const item of expected) {
      const place = left.findIndex((other) => misfit(item, other, "") === undefined);
      if (place < 0) return differs();
      left.splice(place, 1);
    }
    return left.length === 0 && Array.isArray(answered) ? undefined : differs();
  }
  if (typeof expected !== "object" || expected === null)
    return same({ v: expected }, { v: answered }) ? undefined : differs();
  if (
    typeof answered !== "object" ||
    answered === null ||
    Array.isArray(expected) !== Array.isArray(answered)
  )
    return differs();
  const keys = Object.keys(expected);
  if (keys.length !== Object.keys(answered).length) return differs();
  for (const key of keys) {
    if (!Object.hasOwn(answered, key)) return differs();
    const fault = misfit(expected[key], answered[key], `${at}.${key}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const tell = (expected: unknown): string =>
  JSON.stringify(expected, (_, part: unknown) =>
    part === ANY ? "?" : part instanceof Set ? [...part] : part,
  ).slice(0, 600);
