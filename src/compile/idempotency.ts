import { type Column, getTableColumns, is, Table } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import type { Database } from "../dialect/dialect.ts";
import { configOf } from "../drizzle/drizzle.ts";
import { speechOf } from "./sql/speech.ts";
import type { Text } from "./statement.ts";

/** Whose key it is, and which. */
export interface OwnedKey {
  readonly caller: string;
  readonly key: string;
}

type Texts = Readonly<Record<"claim" | "find" | "keep" | "release" | "clear", string>>;

/** A value of a moment, as a database takes it. */
type Moment = number | Date;

const COLUMNS = ["caller", "key", "request", "answer", "createdAt"] as const;

/** How many answers that are too old one write takes away: more than it adds, so that they become fewer. */
const BATCH = 10;

/**
 * The statements about stored answers. Their table is the engine's own: no plan mentions it, and no rule says which of its
 * rows exist, so each statement names the caller whose key it is, or only tells by age.
 */
export class IdempotencyStatements {
  readonly #texts: Texts;
  readonly #moment: (milliseconds: number) => Moment;

  /** @throws Error for what is no table of stored answers, or one of another database. */
  constructor(stored: unknown, database: Database) {
    const speech = speechOf(database);
    const table = tableOf(stored, speech.database);
    const names = Object.entries(getTableColumns(table)).map(([name, column]) => [
      name,
      speech.column(column),
    ]);
    const inSQLite = speech.database === "sqlite";
    const written = {
      table: speech.table(table),
      columns: Object.fromEntries(names) as Readonly<Record<(typeof COLUMNS)[number], string>>,
      place: (number: number): string => `${inSQLite ? "?" : "$"}${number}`,
      // Who else clears takes others.
      skips: inSQLite ? "" : " for update skip locked",
    };
    this.#texts = textsOf(written);
    this.#moment = (milliseconds) => (inSQLite ? milliseconds : new Date(milliseconds));
  }

  /**
   * Takes a key for a request: one row where it was free, or what it stood for is older than `before`; none where it is
   * taken. Whoever comes second waits until the first has ended.
   */
  claim({ caller, key }: OwnedKey, request: string, now: number, before: number): Text {
    return ask(this.#texts.claim, [caller, key, request, this.#moment(now), this.#moment(before)]);
  }

  /** The request of a key, and its answer. */
  find({ caller, key }: OwnedKey, before: number): Text {
    return ask(this.#texts.find, [caller, key, this.#moment(before)]);
  }

  /** Puts the answer to a key that was taken. */
  keep({ caller, key }: OwnedKey, answer: string): Text {
    return ask(this.#texts.keep, [caller, key, answer]);
  }

  /** Gives a key back. */
  release({ caller, key }: OwnedKey): Text {
    return ask(this.#texts.release, [caller, key]);
  }

  /** Takes away some of what is older than `before`, the oldest first. */
  clear(before: number): Text {
    return ask(this.#texts.clear, [this.#moment(before)]);
  }
}

const ask = (text: string, values: readonly unknown[]): Text => ({ kind: "text", text, values });

/** How a table of stored answers, and what stands in a statement about it, is written. */
interface WrittenTable {
  readonly table: string;
  readonly columns: Readonly<Record<(typeof COLUMNS)[number], string>>;
  readonly place: (number: number) => string;
  readonly skips: string;
}

/** Every statement answers rows, which some drivers ask of it. */
function textsOf({ table, columns, place, skips }: WrittenTable): Texts {
  const { caller, key, request, answer, createdAt } = columns;
  const own = `${caller}=${place(1)} and ${key}=${place(2)}`;
  return {
    claim:
      `insert into ${table} as "~kept" (${caller},${key},${request},${createdAt}) values (${[1, 2, 3, 4].map(place).join(",")})` +
      ` on conflict (${caller},${key}) do update set ${request}=excluded.${request},${answer}=null,${createdAt}=excluded.${createdAt}` +
      ` where "~kept".${createdAt}<${place(5)} returning 1`,
    find: `select ${request},${answer} from ${table} where ${own} and ${createdAt}>=${place(3)}`,
    keep: `update ${table} set ${answer}=${place(3)} where ${own} returning 1`,
    release: `delete from ${table} where ${own} returning 1`,
    clear:
      `delete from ${table} where (${caller},${key}) in (select ${caller},${key} from ${table}` +
      ` where ${createdAt}<${place(1)} order by ${createdAt} limit ${BATCH}${skips}) returning 1`,
  };
}

/** A table that is what `idempotencyTable` makes, or was made like it. */
function tableOf(stored: unknown, database: string): Table {
  if (!is(stored, Table)) throw wrong("expected what `idempotencyTable` makes");
  const speaks = is(stored, PgTable) ? "postgresql" : "sqlite";
  if (speaks !== database) throw wrong(`it is for ${speaks}, the database speaks ${database}`);
  const columns: Readonly<Record<string, Column>> = getTableColumns(stored);
  const missing = COLUMNS.filter((name) => columns[name] === undefined);
  if (missing.length > 0) throw wrong(`it lacks ${missing.join(", ")}: use what \`idempotencyTable\` makes`);
  const keys = configOf(stored)?.primaryKeys.map((key) => key.columns.map(({ name }) => name).join());
  if (keys?.[0] !== `${columns["caller"]!.name},${columns["key"]!.name}`)
    throw wrong("its primary key has to be caller and key: use what `idempotencyTable` makes");
  return stored;
}

const wrong = (sentence: string): Error => new Error(`idempotency.table: ${sentence}`);
