import type { SQL } from "drizzle-orm";
import { invalidValue, unknownColumn } from "../error.ts";
import type { Projection } from "../request/request.ts";
import { type Mask, MASKED, masksOf, type Selected } from "./expression.ts";
import type { SecuredRelation } from "./secured.ts";

/** What of a row is let out: columns in the order of the schema, computed fields by name. */
export interface Projected {
  readonly selected: readonly Selected[];
  /** The masks of these columns. */
  readonly marks: readonly Mask[];
  readonly extras: ReadonlyMap<string, SQL.Aliased>;
}

/** Keeps what the client asks for and the rule allows; a name that is neither is unknown, hidden or not. */
export function project(
  projection: Projection | undefined,
  secured: SecuredRelation,
  path: string,
): Projected {
  const projected = keep(projection, secured, path);
  if (projected.marks.length > 0 && isTaken(MASKED, secured))
    throw invalidValue(
      `some columns are masked, and \`${MASKED}\`, which would say so, is something else here`,
      path,
      "choose columns that are let out on every row",
    );
  return projected;
}

/** Whether a row has a member by the name of what the engine would say of it. */
export const isTaken = (name: string, { table, extras }: SecuredRelation): boolean =>
  table.columns.has(name) || table.relations.has(name) || extras.has(name);

function keep(projection: Projection | undefined, secured: SecuredRelation, path: string): Projected {
  const { readable, selected, extras } = secured;
  if (projection === undefined || projection.kind === "all") return secured;
  if (projection.kind === "none") return { selected: [], marks: [], extras };
  const wanted = projection.kind === "only" ? projection.names : undefined;
  const { dropped } = projection;
  for (const name of [...(wanted ?? []), ...dropped]) {
    if (!readable.has(name) && !extras.has(name))
      throw unknownColumn(name, path, [...readable.keys(), ...extras.keys()]);
  }
  const isKept = (name: string): boolean => (wanted === undefined ? !dropped.has(name) : wanted.has(name));
  const kept = selected.filter(({ name }) => isKept(name));
  return {
    selected: kept,
    marks: secured.marks.length === 0 ? secured.marks : masksOf(kept),
    extras: new Map([...extras].filter(([name]) => isKept(name))),
  };
}
