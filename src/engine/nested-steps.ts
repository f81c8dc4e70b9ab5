import type { Row } from "../author/author.ts";
import { joinedRows, otherRows } from "../compile/compile.ts";
import { invalidBody, QueryError } from "../error.ts";
import type { Inside } from "../execute/execute.ts";
import type { NestPolicy, Policy } from "../policy/policy.ts";
import type { NamedRows, NestedWish, NewRows, RowChange } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Spot, Tree, Write } from "./nested.ts";
import type { Wishes } from "./nested-body.ts";
import { changePart, deletePart, type Key, type Link, linkPart, newPart, readKey } from "./nested-parts.ts";
import { type Place, together } from "./nested-place.ts";

/** Where the rows of a write stand whose relations are written. */
export interface Root extends Spot {
  /** Where the write has its rows. */
  readonly root: string;
}

/** The paths of a relation, beginning with its row's. */
const within = (root: string, path: string): string => (root === "" ? path : `${root}.${path}`);

/** Where what belongs to the rows of a write stands. */
class Ground {
  readonly tree: Tree;
  readonly depth: number;
  readonly #root: string;

  constructor(tree: Tree, { depth, root }: Root) {
    this.tree = tree;
    this.depth = depth - 1;
    this.#root = root;
  }

  path(path: string): string {
    const whole = within(this.#root, path);
    if (this.depth < 0) throw tooDeep(whole);
    return whole;
  }

  named({ where, path }: NamedRows): { readonly where: object; readonly place: Place } {
    return { where, place: together(this.path(path)) };
  }
}

const tooDeep = (path: string): QueryError =>
  new QueryError("depth-exceeded", "related rows are written too deep", {
    path,
    hint: "write them by requests of their own",
  });

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

const NONE: ReadonlySet<string> = new Set();

/** What joins rows, as it is when they are not joined any more. */
function emptied(columns: readonly ColumnInfo[], path: string): Row {
  const nullable = columns.filter((column) => column.nullable);
  if (nullable.length > 0) return Object.fromEntries(nullable.map(({ name }) => [name, null]));
  throw new QueryError("invalid-body", "these rows belong to some row, and cannot be left without one", {
    path,
    hint: "delete them, or connect them elsewhere",
  });
}

const newRows = (
  ground: Ground,
  { body, path }: NewRows,
): { readonly body: unknown; readonly place: Place } => ({
  body,
  place: together(ground.path(path)),
});

/** One step after a row was written, for what belongs to it. */
type After = (inside: Inside, row: Row) => Promise<void>;

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

/** What a row gives those that belong to it: their columns, with its values. */
function given({ on }: NestPolicy["relation"], row: Row): Row {
  return Object.fromEntries(on.map(({ source, target }) => [target.name, row[source.name] ?? null]));
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

const targetsOf = ({ relation }: NestPolicy): readonly ColumnInfo[] =>
  relation.on.map(({ target }) => target);

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

const chosen = (values: Row, columns: readonly ColumnInfo[]): Row =>
  Object.fromEntries(columns.map(({ name }) => [name, values[name]]));

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

/** The steps for rows over a join table: its own rows are made and removed. */
async function joining(
  ground: Ground,
  nest: NestPolicy,
  join: NonNullable<NestPolicy["join"]>,
  wish: NestedWish,
): Promise<readonly After[]> {
  const through = new Joining(ground, nest, join);
  const steps: After[] = [];
  if (wish.set !== undefined) steps.push(await through.set(wish.set, ground.path(`${wish.path}.set`)));
  for (const rows of wish.disconnect as readonly NamedRows[]) steps.push(await through.disconnect(rows));
  if (wish.connect.length > 0)
    steps.push(await through.connect(wish.connect, ground.path(`${wish.path}.connect`)));
  return steps;
}

class Joining {
  readonly #ground: Ground;
  readonly #nest: NestPolicy;
  readonly #join: NonNullable<NestPolicy["join"]>;
  /** The columns of the join table that lead on. */
  readonly #leads: readonly ColumnInfo[];

  constructor(ground: Ground, nest: NestPolicy, join: NonNullable<NestPolicy["join"]>) {
    this.#ground = ground;
    this.#nest = nest;
    this.#join = join;
    this.#leads = join.relation.on.map(({ source }) => source);
  }

  async connect(rows: readonly NamedRows[], path: string): Promise<After> {
    const keys = await this.#keys(rows);
    const link = await this.#link(path);
    return async (inside, row) => {
      const made: Row[] = [];
      for (const key of keys)
        made.push({ ...given(this.#nest.relation, row), ...(await this.#leading(key, inside)) });
      await link.runAll(
        inside,
        made.map((one) => chosen(one, link.columns)),
      );
    };
  }

  async disconnect(rows: NamedRows): Promise<After> {
    const [key] = await this.#keys([rows]);
    const write = await deletePart(
      this.#ground.tree,
      this.#join.resource,
      { where: undefined, place: together(this.#ground.path(rows.path)) },
      "one",
    );
    return async (inside, row) =>
      void (await write.run(inside, { only: this.#rowsOf(row, await this.#leading(key!, inside)) }));
  }

  /** Rows of the join table that lead to no row of these are removed, and those made that are missing. */
  async set(rows: readonly NamedRows[], path: string): Promise<After> {
    const keys = await this.#keys(rows);
    const place = together(path);
    const others = await deletePart(
      this.#ground.tree,
      this.#join.resource,
      { where: undefined, place },
      "any",
    );
    const link = rows.length === 0 ? undefined : await this.#link(path);
    return async (inside, row) => {
      const own = joinedRows(targetsOf(this.#nest), given(this.#nest.relation, row));
      const leading: Row[] = [];
      for (const key of keys) leading.push(await this.#leading(key, inside));
      await others.run(inside, { only: otherRows(own, this.#leads, leading) });
      const missing: Row[] = [];
      for (const one of leading)
        if ((await others.reaches(inside, this.#rowsOf(row, one))) === 0)
          missing.push({ ...given(this.#nest.relation, row), ...one });
      if (link !== undefined && missing.length > 0)
        await link.runAll(
          inside,
          missing.map((one) => chosen(one, link.columns)),
        );
    };
  }

  /** A row of the join table for each row that is named. */
  #link(path: string): Promise<Link> {
    const { tree } = this.#ground;
    const columns = [...targetsOf(this.#nest), ...this.#leads];
    return linkPart(tree, "POST", this.#join.resource, columns, {
      where: undefined,
      place: together(path),
      finds: "any",
    });
  }

  #rowsOf(row: Row, leading: Row): ReturnType<typeof joinedRows> {
    const columns = [...targetsOf(this.#nest), ...this.#leads];
    return joinedRows(columns, { ...given(this.#nest.relation, row), ...leading });
  }

  async #keys(rows: readonly NamedRows[]): Promise<readonly Key[]> {
    const { tree } = this.#ground;
    const targets = this.#join.relation.on.map(({ target }) => target);
    const keys: Key[] = [];
    for (const one of rows)
      keys.push(await readKey(tree, this.#nest.resource, targets, this.#ground.named(one)));
    return keys;
  }

  /** What a row of the join table has that leads to a row. */
  async #leading(key: Key, inside: Inside): Promise<Row> {
    const found = await key(inside);
    return Object.fromEntries(
      this.#join.relation.on.map(({ source, target }) => [source.name, found[target.name]]),
    );
  }
}
