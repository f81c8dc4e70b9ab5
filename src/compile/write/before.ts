import type { Rows } from "../../author/author.ts";
import { countOf } from "../sql/count.ts";
import type { Count, Select, Text } from "../statement.ts";
import { forbidden, toldKey } from "./change.ts";
import { heldRows, holdsFirst, lock } from "./held.ts";
import { matching } from "./match.ts";
import { isLocked, keepsRows, metRows, reached, seesBefore, type Write } from "./parts.ts";
import { wholeRow } from "./seen.ts";
import type { Known, Step } from "./steps.ts";

/**
 * The check speaks before the foreign keys do, so that a row that is hidden and one that is not there are refused alike.
 * SQLite asks its keys when all is done; PostgreSQL after each statement, and then it is the check that failed.
 */
export const DEFER: Step = { kind: "run", ask: { kind: "run", text: "pragma defer_foreign_keys = on" } };

/**
 * Has a database ask now what it asks when a transaction ends. SQLite has no words for it: of a dry run whose check looks
 * elsewhere it does not ask whether references lead anywhere.
 */
export const AT_END: Readonly<Record<"sqlite" | "postgresql", Text | undefined>> = {
  sqlite: undefined,
  postgresql: { kind: "text", text: "set constraints all immediate", values: [] },
};

/**
 * A write whose caller may leave no row behind is refused before the database sees one: whether a value is taken, or a
 * referenced row is there, is not for him to hear.
 */
export function refusal(write: Write): readonly Step[] {
  const { plan, check, ensure, change } = write;
  const leaves = check === "none" || ensure === "none";
  if (!leaves && change.transition !== "none") return [];
  const reached =
    plan.kind === "insert" ? undefined : (known: Known): Select => countOf(metRows(write, known));
  return [{ kind: "refuse", reached, refusal: leaves ? "check-failed" : "transition-failed" }];
}

/** Locks the rows, and reads what must be known of them as they were, where something must. */
export function hold(write: Write, conditions: readonly Rows[]): readonly Step[] {
  const { plan, change, cells, reads } = write;
  const { table } = plan.answer.secured;
  const locks = change.grants.length > 0 && isLocked(plan);
  const keeps = keepsRows(write);
  if (!keeps && !locks && !holdsFirst(plan, conditions, reads)) return [];
  const fields = {
    ...cells?.fields(),
    ...(keeps && toldKey(table)),
    ...(seesBefore(write) && wholeRow(table)),
  };
  const most = keeps && Number.isFinite(plan.most) ? plan.most : undefined;
  const ask = (known: Known): Select =>
    lock(metRows(write, known), table, fields, most === undefined ? undefined : most + 1);
  return [{ kind: "hold", ask, most, refusal: "limit-exceeded" }];
}

/** Whether the rows are those that the caller knows, asked when nobody else can change them any more. */
export function matched(write: Write): readonly Step[] {
  const { versions } = write.plan;
  if (versions === undefined) return [];
  const asks = (known: Known): readonly Count[] => [matching(reached(write, known), versions)];
  return [{ kind: "match", asks, refusal: "precondition-failed" }];
}

/** Refuses a column that is set on a row on which it may not be, as that is under its lock. */
export function permitted(write: Write): readonly Step[] {
  const { plan, change } = write;
  if (change.grants.length === 0) return [];
  const { secured } = plan.answer;
  return [
    {
      kind: "permit",
      ask: (known) =>
        forbidden(change, isLocked(plan) ? heldRows(secured, known.held!) : metRows(write, known)),
      columns: change.grants.map(({ column }) => column),
      refusal: "check-failed",
    },
  ];
}
