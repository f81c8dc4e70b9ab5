import { type Access, relationIn, relationSpot, ruleOf, type Spot, spotAt } from "../model/access.ts";
import { isPlain } from "../model/notation.ts";
import type { Asked, Plain } from "../model/request.ts";
import { type Known, UNKNOWN } from "./columns-of.ts";

/** What the rule of a question says of the rows that it answers; relations may have names of the client's own. */
export function knownOf(access: Access, asked: Asked): Known {
  const known = knownAt(access, spotAt(access, asked), asked.select ?? {});
  const { columns } = ruleOf(access, asked)?.aggregate ?? { columns: undefined };
  if (asked.aggregate === undefined || columns === undefined) return known;
  return { ...known, kindOf: (name) => columns[name]?.kind ?? known.kindOf(name) };
}

function knownAt(access: Access, spot: Spot | undefined, select: Plain): Known {
  if (spot === undefined) return UNKNOWN;
  const relations = isPlain(select["with"]) ? select["with"] : {};
  return {
    kindOf: (name) => spot.columns[name]?.kind ?? spot.relations[relationIn(name, relations[name])]?.kind,
    behind: (name) => {
      const wish = relations[name];
      return knownAt(access, relationSpot(access, spot, relationIn(name, wish)), isPlain(wish) ? wish : {});
    },
  };
}
