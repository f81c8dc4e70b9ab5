import type { RelationInfo } from "../schema/schema.ts";
import type { Predicate } from "./plan.ts";
import type { Mention } from "./secured.ts";

/** The way from a row of one mention to the rows of another, which stand under the rule of the relation between them. */
export interface Link {
  /** Where it passes a join table, that leads from the row to it: its columns are no columns of the mention. */
  readonly relation: RelationInfo;
  readonly mention: Mention;
  /** The join table that is passed on the way; absent for most. */
  readonly through: Through | undefined;
}

/** A join table on the way to rows: a mention of its own, under the facts of its table and its author's `throughWhere`. */
export interface Through {
  readonly mention: Mention;
  /** The relation from one of its rows to the row that is meant. */
  readonly relation: RelationInfo;
}

/** Rows of a relation that are counted. */
export interface Counted {
  readonly link: Link;
  /** Which of them; all that exist where absent. */
  readonly where: Predicate | undefined;
}
