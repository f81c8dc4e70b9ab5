import type { Predicate, RelationNode } from "./plan.ts";

/** A filter of rows, and beside it that there are rows of those of their relations that are required. */
export function requiring(
  where: Predicate | undefined,
  relations: ReadonlyMap<string, RelationNode>,
): Predicate | undefined {
  if (relations.size === 0) return where;
  const required = [...relations.values()].filter((relation) => relation.required).map(thereIs);
  if (required.length === 0) return where;
  const parts = [...partsOf(where), ...required];
  return parts.length === 1 ? parts[0] : { kind: "and", parts };
}

/** That there is a row of a relation, under its rule and filter, whatever its page. */
const thereIs = ({ relation, through, node: { index, secured, where } }: RelationNode): Predicate => ({
  kind: "related",
  link: { relation, through, mention: { index, secured } },
  holds: "some",
  part: where,
});

/** Side by side, so that a key is still found among them. */
const partsOf = (where: Predicate | undefined): readonly Predicate[] =>
  where === undefined ? [] : where.kind === "and" ? where.parts : [where];
