import type { Row } from "../author/author.ts";
import { joinedRows, otherRows } from "../compile/compile.ts";
import { invalidBody, QueryError } from "../error.ts";
import type { Inside } from "../execute/execute.ts";
import type { NestPolicy, Policy } from "../policy/policy.ts";
import type { NamedRows, NestedWish, NewRows, RowChange } from "../request/request.ts";
import type { Tree, Write } from "./nested.ts";
import type { Wishes } from "./nested-body.ts";
import { chosen, emptied, given, Ground, newRows, type Root, targetsOf } from "./nested-ground.ts";
import { type After, joining } from "./nested-joining.ts";
import { changePart, deletePart, linkPart, newPart } from "./nested-parts.ts";
import { together } from "./nested-place.ts";

/** What is done for what belongs to rows, once they are written. */
export class AfterSteps {
  readonly #steps: readonly (readonly After[])[];

  private constructor(steps: readonly (readonly After[])[]) {
    this.#steps = steps;
  }

  static async prepare(tree: Tree, policy: Policy, wishes: Wishes, root: Root): Promise<AfterSteps> {
    const ground = new Ground(tree, root);
    const steps: After[][] = [];
    for (const wished of wishes) {
      const own: After[] = [];
      for (const [nest, wish] of wished) {
        if (nest.join !== undefined) own.push(...(await joining(ground, nest, nest.join, wish)));
        else if (!nest.ownKey || wish.update.length > 0) own.push(...(await belonging(ground, nest, wish)));
      }
      steps.push(own);
    }
    return new AfterSteps(steps);
  }

  get size(): number {
    return this.#steps.reduce((sum, own) => sum + own.length, 0);
  }

  /** How many rows they are for. */
  get rows(): number {
    return this.#steps.length;
  }

  async run(inside: Inside, index: number, row: Row): Promise<void> {
    for (const step of this.#steps[index] ?? []) await step(inside, row);
  }
}

/** The steps for rows that a relation leads to, in the order in which they are taken. */
async function belonging(ground: Ground, nest: NestPolicy, wish: NestedWish): Promise<readonly After[]> {
  const steps: After[] = [];
  if (wish.set !== undefined) steps.push(await setting(ground, nest, wish.set, `${wish.path}.set`));
  if (wish.disconnect === "one")
    steps.push(await parting(ground, nest, undefined, `${wish.path}.disconnect`));
  else for (const rows of wish.disconnect) steps.push(await parting(ground, nest, rows, rows.path));
  for (const rows of wish.delete) steps.push(await deleting(ground, nest, rows));
  for (const change of wish.update) steps.push(await changing(ground, nest, change));
  for (const rows of wish.connect) {
    const link = await linking(ground, nest, rows);
    steps.push(async (inside, row) => void (await link(inside, row)));
  }
  for (const rows of wish.create) steps.push(await making(ground, nest, rows));
  return steps;
}

const namesOf = (nest: NestPolicy): ReadonlySet<string> => new Set(targetsOf(nest).map(({ name }) => name));

async function making(ground: Ground, nest: NestPolicy, made: NewRows): Promise<After> {
  const { tree, depth } = ground;
  const write = await newPart(tree, nest.resource, newRows(ground, made), namesOf(nest), depth);
  return async (inside, row) => {
    const keys = given(nest.relation, row);
    if (Object.values(keys).includes(null))
      throw new QueryError("conflict", "the row has no value by which others could belong to it");
    await write.run(inside, { keys });
  };
}

async function changing(ground: Ground, nest: NestPolicy, change: RowChange): Promise<After> {
  const { where, body, path } = change;
  const at = ground.path(path);
  const place = where === undefined ? together(at) : { at, where: `${at}.where`, body: `${at}.body` };
  const write = await changePart(
    ground.tree,
    nest.resource,
    { where, body, place },
    // What a row refers to may be referred to by others: what joins it is no column of its own.
    namesOf(nest),
    ground.depth,
  );
  return belongingOnly(nest, write);
}

async function deleting(ground: Ground, nest: NestPolicy, rows: NamedRows): Promise<After> {
  return belongingOnly(nest, await deletePart(ground.tree, nest.resource, ground.named(rows)));
}

/** Of the rows that a write reaches only those are meant that belong to the row. */
const belongingOnly =
  (nest: NestPolicy, write: Write<unknown>): After =>
  async (inside, row) =>
    void (await write.run(inside, { only: joinedRows(targetsOf(nest), given(nest.relation, row)) }));

/** Rows that are not to belong to the row any more: those of a filter, or the one that there is. */
async function parting(
  ground: Ground,
  nest: NestPolicy,
  rows: NamedRows | undefined,
  path: string,
): Promise<After> {
  const place = together(ground.path(path));
  const link = await linkPart(ground.tree, "PATCH", nest.resource, targetsOf(nest), {
    where: rows?.where,
    place,
    finds: rows === undefined ? "one" : "named",
  });
  const values = emptied(link.columns, place.at);
  return (inside, row) => link.run(inside, values, joinedRows(targetsOf(nest), given(nest.relation, row)));
}

type Linking = (inside: Inside, row: Row) => Promise<readonly Row[]>;

/** A row that is to belong to the row, by its key. */
async function linking(ground: Ground, nest: NestPolicy, rows: NamedRows): Promise<Linking> {
  const targets = targetsOf(nest);
  const link = await linkPart(ground.tree, "PATCH", nest.resource, targets, {
    ...ground.named(rows),
    finds: "key",
  });
  // What may not be written has to be what the row has.
  const kept = targets.filter((target) => !link.columns.includes(target));
  return async (inside, row) => {
    const keys = given(nest.relation, row);
    await link.run(
      inside,
      chosen(keys, link.columns),
      kept.length === 0 ? undefined : joinedRows(kept, keys),
    );
    return link.written;
  };
}

/** All rows that are to belong to the row: those are connected, and whichever others there are disconnected. */
async function setting(
  ground: Ground,
  nest: NestPolicy,
  rows: readonly NamedRows[],
  path: string,
): Promise<After> {
  const place = together(ground.path(path));
  const { primaryKey } = nest.relation.target;
  if (primaryKey.length === 0) throw invalidBody("these rows have no key to tell them apart by", place.at);
  const links: Linking[] = [];
  for (const one of rows) links.push(await linking(ground, nest, one));
  const others = await linkPart(ground.tree, "PATCH", nest.resource, targetsOf(nest), {
    where: undefined,
    place,
    finds: "any",
  });
  const values = emptied(others.columns, place.at);
  return async (inside, row) => {
    const kept: Row[] = [];
    for (const link of links) kept.push(...(await link(inside, row)));
    const own = joinedRows(targetsOf(nest), given(nest.relation, row));
    await others.run(inside, values, otherRows(own, primaryKey, kept));
  };
}
