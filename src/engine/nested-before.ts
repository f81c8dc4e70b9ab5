import type { Row } from "../author/author.ts";
import { invalidBody, QueryError } from "../error.ts";
import type { Inside } from "../execute/execute.ts";
import type { NestPolicy, Policy } from "../policy/policy.ts";
import type { NestedWish } from "../request/request.ts";
import type { Tree } from "./nested.ts";
import type { Wishes } from "./nested-body.ts";
import { emptied, Ground, newRows, type Root } from "./nested-ground.ts";
import { newPart, readKey } from "./nested-parts.ts";

const NONE: ReadonlySet<string> = new Set();

/** One step before a row is written: what it adds to the row. */
export type Before = (inside: Inside) => Promise<Row>;

/** What is done for what rows refer to, before they are written. */
export class BeforeSteps {
  readonly #steps: readonly (readonly Before[])[];
  /** The columns that it gives values to. */
  readonly columns: ReadonlySet<string>;
  /** Whether it makes rows. */
  readonly writes: boolean;

  private constructor(steps: readonly (readonly Before[])[], columns: ReadonlySet<string>, writes: boolean) {
    this.#steps = steps;
    this.columns = columns;
    this.writes = writes;
  }

  static async prepare(tree: Tree, policy: Policy, wishes: Wishes, root: Root): Promise<BeforeSteps> {
    const ground = new Ground(tree, root);
    const steps: Before[][] = [];
    const columns = new Set<string>();
    let writes = false;
    for (const wished of wishes) {
      const own: Before[] = [];
      for (const [nest, wish] of wished) {
        if (!nest.ownKey || wish.update.length > 0) continue;
        const pairs = nest.relation.on.filter(({ source }) => policy.writable.has(source.name));
        pairs.forEach(({ source }) => columns.add(source.name));
        writes ||= wish.create.length > 0;
        own.push(await referring(ground, nest, pairs, wish));
      }
      steps.push(own);
    }
    return new BeforeSteps(steps, columns, writes);
  }

  get size(): number {
    return this.#steps.reduce((sum, own) => sum + own.length, 0);
  }

  /** What the row at a place refers to. */
  async keysOf(inside: Inside, index: number): Promise<Row> {
    const keys: Row = {};
    for (const step of this.#steps[index] ?? [])
      for (const [name, value] of Object.entries(await step(inside))) {
        if (Object.hasOwn(keys, name) && String(keys[name]) !== String(value))
          throw invalidBody("what a row refers to belongs to different rows");
        keys[name] = value;
      }
    return keys;
  }
}

type Pairs = NestPolicy["relation"]["on"];

/** What makes, or finds, the row that another refers to. */
async function referring(
  ground: Ground,
  { relation, resource }: NestPolicy,
  pairs: Pairs,
  wish: NestedWish,
): Promise<Before> {
  const { tree } = ground;
  const keysOf = (row: Row): Row =>
    Object.fromEntries(pairs.map(({ source, target }) => [source.name, row[target.name]]));
  const [made] = wish.create;
  const [named] = wish.connect;
  if (made !== undefined) {
    const write = await newPart(tree, resource, newRows(ground, made), NONE, ground.depth);
    return async (inside) => {
      await write.run(inside, {});
      const [row] = write.written;
      if (row === undefined) throw new QueryError("conflict", "a row was not kept that another refers to");
      return keysOf(row);
    };
  }
  if (named !== undefined) {
    const targets = relation.on.map(({ target }) => target);
    const key = await readKey(tree, resource, targets, ground.named(named));
    return async (inside) => keysOf(await key(inside));
  }
  const none = emptied(
    pairs.map(({ source }) => source),
    ground.path(wish.path),
  );
  return () => Promise.resolve(none);
}
