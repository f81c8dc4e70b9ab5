import type { Row } from "../../author/author.ts";
import type { WritePlan } from "../../plan/plan.ts";
import type { RowsWriter } from "../../syntax/syntax.ts";
import type {
  Count,
  Bulk,
  Delete,
  Insert,
  ReadStatement,
  Returning,
  Run,
  Select,
  Text,
  Update,
} from "../statement.ts";
import type { Pairs } from "./change.ts";
import type { Rehearsal } from "./rehearsal.ts";
import type { Seen } from "./seen.ts";
import type { Told } from "./told.ts";

/** A write as data: its steps, from first to last. */
export interface WriteSteps {
  readonly plan: WritePlan;
  readonly steps: readonly Step[];
  /** Whether something may be refused after a statement, or takes more than one, so that all or nothing is kept. */
  readonly atomic: boolean;
  /**
   * Whether it is atomic for nothing but its check, so that a single new row needs no transaction: its statement undoes
   * itself.
   */
  readonly guards: boolean;
  /** Whether a row that refers to one that is not there is refused as by the check, which had not spoken yet. */
  readonly strandedIsRefused: boolean;
  /** What hooks see of rows. */
  readonly seen: Seen;
}

/** What is known of a write while its steps are taken. Statements of later steps are made of it. */
export interface Known {
  /** The rows to write. */
  readonly values: readonly Row[];
  /** Whether there is no transaction, so that a statement has to undo itself where its row does not pass. */
  readonly alone?: boolean | undefined;
  /** What tells the rows to change, one for each of the values, where these are rows that new ones have met. */
  readonly keys?: readonly Told[] | undefined;
  /** The rows that a step has locked, as they were: their keys, and what else is asked of them. */
  readonly held?: readonly Row[];
  /** The rows to be removed, as they were read. */
  readonly before?: readonly Row[];
}

/** What a write is refused with where what must hold does not. */
export type Refusal =
  | "check-failed"
  | "transition-failed"
  | "limit-exceeded"
  | "precondition-failed"
  | "conflict";

/** One step of a write. What must hold is said with it, and the refusal that follows where it does not: nothing is kept. */
export type Step =
  /** Refuses where `reached` counts a row; without it, always. */
  | {
      readonly kind: "refuse";
      readonly reached: ((known: Known) => Select) | undefined;
      readonly refusal: Refusal;
    }
  | { readonly kind: "run"; readonly ask: Run }
  /** Locks rows, of which there may be so many. */
  | {
      readonly kind: "hold";
      readonly ask: (known: Known) => Select;
      readonly most: number | undefined;
      readonly refusal: Refusal;
    }
  /** Asks what must hold of the rows that will be written, as they are before. */
  | {
      readonly kind: "match";
      readonly asks: (known: Known) => readonly Count[];
      readonly refusal: Refusal;
    }
  /** Counts for each column the rows on which it may not be set: it is refused where there is one. */
  | {
      readonly kind: "permit";
      readonly ask: (known: Known) => Select;
      readonly columns: readonly string[];
      readonly refusal: Refusal;
    }
  /** Reads rows that are to be removed. */
  | { readonly kind: "before"; readonly read: (known: Known) => ReadStatement }
  /** Looks for rows that new ones meet, and writes those that meet none. */
  | MeetStep
  /** Writes new rows, and changes those that others meet, by one statement that does all of it or nothing. */
  | MergeStep
  /** Refuses where fewer rows were changed than were met. */
  | { readonly kind: "taken"; readonly refusal: Refusal }
  /** Writes rows. Each that comes back says whether it passes, and all must. */
  | { readonly kind: "write"; readonly writing: (known: Known) => Writing; readonly refusal: Refusal }
  /** Asks of each row that was changed what must hold of it as it was and as it is stored. */
  | {
      readonly kind: "transition";
      readonly counts: (known: Known, written: readonly Row[]) => readonly Count[] | "refused";
      readonly refusal: Refusal;
    }
  /** Finds what each row that was changed was before, for who looks at both. */
  | {
      readonly kind: "pair";
      readonly pairs: (known: Known, written: readonly Row[]) => Pairs;
      readonly refusal: Refusal;
    }
  /** Asks of the rows that were written what must hold once all are. */
  | {
      readonly kind: "ensure";
      readonly counts: (written: readonly Row[]) => readonly Count[] | "refused";
      readonly refusal: Refusal;
    }
  /** How many rows may be written, as something at a path says, and how many have to be. */
  | { readonly kind: "limit"; readonly most: number; readonly least: number; readonly path: string }
  /** Reads what is answered of the rows that were written, by their keys; without reads it came back with them. */
  | {
      readonly kind: "answer";
      readonly reads: ((written: readonly Row[]) => readonly ReadStatement[]) | undefined;
    }
  /** Counts the rows for the total. */
  | { readonly kind: "total"; readonly ask: Select };

/** Looks for rows that new ones meet, and writes those that meet none. Each that comes back says whether it passes. */
export interface MeetStep {
  readonly kind: "meet";
  /** The places of rows, in the order in which they are written. */
  readonly order: (values: readonly Row[]) => readonly number[];
  /** Asks which rows exist that those at some places meet: where each place stands, and what tells the row that it meets. */
  readonly asks: (values: readonly Row[], places: readonly number[]) => readonly Text[];
  readonly writing: (known: Known) => Writing;
  /** Whether a trigger may have dropped a row that did not come back. */
  readonly triggered: boolean;
  readonly refusal: Refusal;
}

/** Writes rows and changes by one statement. Each row that comes back says whether it is new. */
export interface MergeStep {
  readonly kind: "merge";
  /** The places of rows, in the order in which they are written. */
  readonly order: (values: readonly Row[]) => readonly number[];
  /**
   * The statement for rows, which stood at these places.
   *
   * @throws Unguarded where there is none.
   */
  readonly bulk: (values: readonly Row[], places: readonly number[]) => Bulk;
}

/** How rows are written. */
export type Writing =
  | WritingRows
  | WritingOne
  | Bulk
  | { readonly kind: "rehearsed"; readonly rehearsal: Rehearsal };

/** By statements, each for as many rows as it takes. */
export interface WritingRows {
  readonly kind: "rows";
  readonly asks: readonly (Insert | Update | Delete | Returning)[];
  /** Reads the rows again, as they are once all triggers have run. */
  readonly again: ((written: readonly Row[]) => readonly Select[]) | undefined;
}

/** One new row by a statement remembered by shape. It answers whether the row passes, cells of it, and what is sent of it. */
export interface WritingOne {
  readonly kind: "one";
  readonly ask: Text;
  readonly cells: number;
  /** Makes JSON of the row; without it the row is JSON. */
  readonly toRows: RowsWriter | undefined;
}
