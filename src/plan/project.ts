import type { SQL } from "drizzle-orm";
import { unknownColumn } from "../error.ts";
import type { Projection } from "../request/request.ts";
import type { Selected } from "./expression.ts";
import type { SecuredRelation } from "./secured.ts";

/** What of a row is let out: columns in the order of the schema, computed fields by name. */
export interface Projected {
  readonly selected: readonly Selected[];
  readonly extras: ReadonlyMap<string, SQL.Aliased>;
}

/** Keeps what the client asks for and the rule allows; a name that is neither is unknown, hidden or not. */
export function project(
  projection: Projection | undefined,
  secured: SecuredRelation,
  path: string,
): Projected {
  const { readable, selected, extras } = secured;
  if (projection === undefined || projection.kind === "all") return secured;
  if (projection.kind === "none") return { selected: [], extras };
  const wanted = projection.kind === "only" ? projection.names : undefined;
  const { dropped } = projection;
  for (const name of [...(wanted ?? []), ...dropped]) {
    if (!readable.has(name) && !extras.has(name))
      throw unknownColumn(name, path, [...readable.keys(), ...extras.keys()]);
  }
  const keep = (name: string): boolean => (wanted === undefined ? !dropped.has(name) : wanted.has(name));
  return {
    selected: selected.filter(({ name }) => keep(name)),
    extras: new Map([...extras].filter(([name]) => keep(name))),
  };
}
