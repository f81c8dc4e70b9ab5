import type { NodePolicy } from "./policy.ts";

/** The words that questions put behind relations. */
const WORDS: ReadonlySet<string> = new Set(["some", "none", "every", "is", "isNot", "count"]);

/** Those that stand where a column may: behind a relation to one row. */
const OF_ONE: ReadonlySet<string> = new Set(["is", "isNot"]);

/** The member of rows that holds the numbers of their related rows. */
const COUNTS = "_count";

/** The member of rows that names those of its lists of which a maximum left rows out. */
const MORE = "$more";

/** Names that a rule lets out and that hide what clients may otherwise write; one sentence each. */
export function* suspectNames({
  table,
  readable,
  extras,
  relations,
  inherited,
}: NodePolicy): Iterable<string> {
  const loadable = [...relations.keys(), ...inherited.keys()];
  for (const name of loadable)
    if (WORDS.has(name)) yield `.with: the relation \`${name}\` hides the word \`${name}\` of filters`;
  if (loadable.length > 0 && readable.has(COUNTS))
    yield `.select: the column \`${COUNTS}\` stands where the numbers of related rows would, so none can be asked for`;
  if (loadable.length > 0 && extras.has(COUNTS))
    yield `.extras: the field \`${COUNTS}\` stands where the numbers of related rows would, so none can be asked for`;
  if (loadable.length > 0 && (table.columns.has(MORE) || table.relations.has(MORE) || extras.has(MORE)))
    yield `: ${table.name} has something called \`${MORE}\`, so no row of it says that a maximum cut its lists short`;
  for (const name of readable.keys()) {
    if (name === "search") yield `.select: the column \`search\` hides the order by relevance`;
    if (OF_ONE.has(name)) yield `.select: the column \`${name}\` hides the word \`${name}\` of filters`;
    if (!name.includes(".")) continue;
    const hidden = loadable.find((relation) => name.startsWith(`${relation}.`));
    if (hidden !== undefined) yield `.select: the column \`${name}\` hides a path through \`${hidden}\``;
  }
  for (const [name, relation] of relations)
    for (const found of suspectNames(relation)) yield `.with.${name}${found}`;
}
