import type { Policy } from "./policy.ts";

/** Hidden columns that numbers are told of, while nothing says how many rows a number speaks of. */
export function* suspectAggregates({ aggregate, readable }: Policy): Iterable<string> {
  if (aggregate === undefined || aggregate.minGroupSize > 1) return;
  const { columns, groupBy } = aggregate;
  for (const name of new Set([...columns.keys(), ...groupBy.keys()]))
    if (!readable.has(name))
      yield `.aggregate: \`${name}\` is hidden, and without \`minGroupSize\` a number may tell what stands in one row`;
}
