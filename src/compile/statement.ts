import type { Column, SQL } from "drizzle-orm";
import type { Naming, Renaming } from "../drizzle/drizzle.ts";
import type { AggregatePlan, ReadPlan } from "../plan/plan.ts";
import type { PlaceReader, RowsWriter } from "../syntax/syntax.ts";
import type { Counting } from "./read/counting.ts";
import type { RelationalConfig } from "./portable/relational.ts";
import type { SecuredRows, Target } from "./sql/secured.ts";

/**
 * What is asked of a database, as data: none of it has run. What Drizzle writes is told by its parts, and made for the
 * database, or the transaction, that runs it.
 */
export type Statement = Text | Run | Returning | Select | Insert | Update | Delete | Relational;

/** SQL, with its values by number. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The same that writes rows, and answers fields of them as Drizzle would read them. */
export interface Returning extends Omit<Text, "kind"> {
  readonly kind: "returning";
  readonly fields: Fields;
  /** At which place of a row each field stands; those that say the same stand at one. */
  readonly places: readonly number[];
}

/**
 * The same for many rows, remembered by shape, which come back as they are stored. Each ends with whether it passes, where
 * that is asked, and what tells it.
 */
export interface Bulk extends Omit<Text, "kind"> {
  readonly kind: "bulk";
  /** Makes what is answered of rows, which is what they begin with. */
  readonly toRows: RowsWriter;
  /** How many values that are. */
  readonly width: number;
  readonly checked: boolean;
  /** Whether the last value of a row says if it is new. */
  readonly merges: boolean;
  /** The names of what tells a row. */
  readonly told: readonly string[];
  /** Asks for the rows that are told in a form that holds any value. */
  readonly otherwise: (told: readonly (readonly string[])[]) => Select;
}

/** SQL without values that answers nothing. */
export interface Run {
  readonly kind: "run";
  readonly text: string;
}

/** What comes back of each row, by name. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Select {
  readonly kind: "select";
  readonly fields: Fields;
  /** Rows of a table, or those of another select under a name. */
  readonly from: SecuredRows | { readonly select: Select; readonly as: string };
  readonly orderBy?: readonly SQL[];
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Whether the rows are locked until the transaction ends. */
  readonly locks?: boolean;
}

export interface Insert {
  readonly kind: "insert";
  readonly into: Target;
  readonly rows: readonly Record<string, unknown>[];
  /** Whether rows bring numbers that are the database's to give. */
  readonly overriding: boolean;
  /** The columns of a key by which rows that meet one are left out. */
  readonly meets?: readonly Column[] | undefined;
  readonly fields: Fields;
}

export interface Update {
  readonly kind: "update";
  readonly rows: SecuredRows;
  /** Values that stand beside the rows, where each is changed to its own. */
  readonly from?: SQL;
  readonly set: Readonly<Record<string, unknown>>;
  readonly fields: Fields;
}

export interface Delete {
  readonly kind: "delete";
  readonly rows: SecuredRows;
  readonly fields: Fields;
}

/** Drizzle's relational query of a table, by its name in the schema. */
export interface Relational extends Renaming {
  readonly kind: "relational";
  readonly table: string;
  readonly config: RelationalConfig;
}

/**
 * What the fast reader's statement answers: one row with a number (`count`), with the JSON of a list (`json`), with JSON
 * whose values are still to be decoded (`encoded`); a row that is one JSON object, or none (`object`); or the rows as they
 * are stored, whose JSON is written here (`rows`).
 */
export type Answers = "count" | "json" | "encoded" | "object" | "rows";

/** A read by one statement of the fast reader. */
export interface FastRead {
  readonly kind: "fast";
  readonly plan: ReadPlan;
  readonly ask: Text;
  readonly remembered: Remembered;
  /** The bytes beyond which reading rows one by one ends; `undefined` where nobody counts them. */
  readonly most: number | undefined;
  /** What is asked instead where a row is larger than its share. */
  summed(): ReadStatement;
  /** The same with a text that the database makes, where it takes nobody's time. */
  made(): ReadStatement;
  /** What is asked instead where the database, or its driver, meets a value that it cannot say. */
  otherwise(): ReadStatement;
}

/** A statement's text, remembered by shape. */
export interface Remembered {
  readonly text: string;
  readonly answers: Answers;
  /** Makes JSON of rows, where they come as they are. */
  readonly toRows: RowsWriter | undefined;
  /** Tells where such rows stand, of a list that is walked. */
  readonly toPlace: PlaceReader | undefined;
  readonly counting: Counting;
  /** Whether it met a value that it cannot say; it is not asked again while it is remembered. */
  failed: boolean;
  /** How often it is still asked with a sum before it, because a row was larger than its share. */
  wary: number;
  /** Whether its answers were small, as far as it has answered. */
  small: boolean | undefined;
  readonly caution: Caution;
}

/**
 * How often the statements of a rule whose answers were not small are still asked with a sum before them, because an answer
 * was large.
 */
export interface Caution {
  left: number;
}

/** A read by Drizzle's queries. */
export interface PortableRead {
  readonly kind: "portable";
  readonly plan: ReadPlan;
  readonly ask: Select | Relational;
  /** What comes back: rows, or one row of numbers. */
  readonly answers: "rows" | "count";
  /** Counts the rows for the total, and those that are filtered, where the rows that came do not say it. */
  readonly total: Select | undefined;
  readonly filtered: Select | undefined;
  /** The name by which a relation of a table was asked for. */
  readonly relation: Naming["relation"];
}

/** A text for numbers about rows, remembered by shape. */
export interface AggregateText {
  readonly text: string;
}

/** A read of numbers about rows. It answers JSON lists of groups, side by side, and with `filtered` how many there are. */
export interface AggregateRead {
  readonly kind: "aggregate";
  readonly plan: AggregatePlan;
  readonly ask: Text;
  readonly remembered: AggregateText;
}

/** A read as data. */
export type ReadStatement = FastRead | PortableRead | AggregateRead;

/** Asked of rows: how many there are, and how many there must be. */
export interface Count {
  readonly ask: Text | Select;
  readonly atLeast: number;
}
