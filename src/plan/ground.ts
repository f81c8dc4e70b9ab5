import { QueryError, quote, unknownColumn, unknownRelation } from "../error.ts";
import type { Capability, RelationPolicy } from "../policy/policy.ts";
import type { Cell } from "./expression.ts";
import type { Search } from "./search.ts";
import { type SecuredRelation, securedBy } from "./secured.ts";

/** Where names of a question are looked up: a table under a rule, and how deep relations may still be gone from there. */
export interface Ground {
  readonly secured: SecuredRelation;
  /** How many relations deep may still be gone. */
  readonly depth: number;
  /** What is looked for among its rows. */
  readonly search?: Search | undefined;
  /** Refuses a name that leads nowhere, where there is more to say of it than that. */
  readonly refuse?: ((name: string, path: string) => void) | undefined;
}

/** A relation at the beginning of a name, and what stands behind its dot. */
export interface Beginning {
  readonly policy: RelationPolicy;
  readonly rest: string;
}

/** What may stand behind a relation to many rows, and to one. */
export const BEHIND: Readonly<Record<RelationPolicy["relation"]["kind"], readonly string[]>> = {
  many: ["some", "none", "every", "count"],
  one: ["is", "isNot"],
};

/** The words that may stand behind a relation, so that what stands before them was meant as one. */
const BEHIND_RELATIONS: ReadonlySet<string> = new Set([...BEHIND.many, ...BEHIND.one]);

/** The longest relation that a name begins with, told by the relations there are: a name may have any number of dots. */
export function relationIn(
  name: string,
  { secured: { policy } }: Pick<Ground, "secured">,
): Beginning | undefined {
  let [found, end]: [RelationPolicy | undefined, number] = [undefined, 0];
  for (const [known, relation] of policy.relations)
    if (known.length > end && begins(name, known)) [found, end] = [relation, known.length];
  return found && { policy: found, rest: name.slice(end + 1) };
}

/** Whether a name is another one, or goes on behind it with a dot. */
const begins = (name: string, other: string): boolean =>
  name.startsWith(other) && (name.length === other.length || name[other.length] === ".");

/**
 * The ground on a relation's other side, for a filter or an order.
 *
 * @throws QueryError `capability-forbidden` where its rule forbids that, `depth-exceeded`.
 */
export function step(
  policy: RelationPolicy,
  { depth }: Ground,
  uses: readonly Capability[],
  path: string,
): Ground {
  for (const use of uses) if (policy.forbids.has(use)) throw forbidden(policy, use, path);
  if (depth <= 0)
    throw new QueryError("depth-exceeded", "relations are nested too deep", {
      path,
      hint: "name fewer of them",
    });
  return { secured: securedBy(policy), depth: Math.min(depth - 1, policy.limits.maxDepth) };
}

const ACTS: Partial<Record<Capability, string>> = {
  where: "filtering by",
  orderBy: "sorting by",
  count: "counting",
};

const forbidden = ({ relation }: RelationPolicy, use: Capability, path: string): QueryError =>
  new QueryError("capability-forbidden", `${ACTS[use]!} ${quote(relation.name)} is not allowed`, { path });

/** A refusal of a name that leads nowhere: as a relation where only one could have what stands behind it. */
export function unknownName(key: string, { secured }: Ground, path: string): QueryError {
  const [first, second] = key.split(".") as [string, string?];
  if (second !== undefined && BEHIND_RELATIONS.has(second))
    return unknownRelation(first, path, secured.policy.relations.keys());
  const dot = key.lastIndexOf(".");
  return unknownColumn(dot < 0 ? key : key.slice(0, dot), path, secured.filterable.keys());
}

/** A column by its name, and an operator behind it, if there is one. */
export function cellIn(
  name: string,
  { secured: { filterable } }: Ground,
): { readonly cell: Cell | undefined; readonly rest: string } {
  const dot = name.lastIndexOf(".");
  return dot < 0
    ? { cell: undefined, rest: "" }
    : { cell: filterable.get(name.slice(0, dot)), rest: name.slice(dot + 1) };
}
