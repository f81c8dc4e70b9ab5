import type { NodePolicy } from "./policy.ts";

/** Columns that are masked on some rows, while a relation that may be loaded tells what they refer to. */
export function* suspectMasks(policy: NodePolicy): Iterable<string> {
  const { relations, inherited, masks } = policy;
  for (const [name, { relation }] of [...relations, ...inherited])
    for (const { source } of relation.on)
      if (masks.has(source))
        yield `.select: \`${source.name}\` is masked on some rows, and \`${name}\` tells what it refers to`;
  for (const [name, relation] of relations)
    for (const found of suspectMasks(relation)) yield `.with.${name}${found}`;
}
