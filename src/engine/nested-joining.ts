import type { Row } from "../author/author.ts";
import { joinedRows, otherRows } from "../compile/compile.ts";
import { invalidBody } from "../error.ts";
import type { Inside } from "../execute/execute.ts";
import type { NestPolicy } from "../policy/policy.ts";
import type { NamedRows, NestedWish } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { chosen, given, type Ground, targetsOf } from "./nested-ground.ts";
import { deletePart, type Key, type Link, linkPart, readKey } from "./nested-parts.ts";
import { together } from "./nested-place.ts";

/** One step after a row was written, for what belongs to it. */
export type After = (inside: Inside, row: Row) => Promise<void>;

/** The steps for rows over a join table: its own rows are made and removed. */
export async function joining(
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
      const leading = await this.#distinct(keys, rows, inside);
      await link.runAll(
        inside,
        leading.map((one) => chosen({ ...given(this.#nest.relation, row), ...one }, link.columns)),
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
      const leading = await this.#distinct(keys, rows, inside);
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

  /** What leads to each row that is named, none of which may be named twice. */
  async #distinct(keys: readonly Key[], rows: readonly NamedRows[], inside: Inside): Promise<readonly Row[]> {
    const known = new Set<string>();
    const leading: Row[] = [];
    for (const [index, key] of keys.entries()) {
      const one = await this.#leading(key, inside);
      const text = JSON.stringify(Object.values(one).map(String));
      if (known.has(text)) throw invalidBody("this row is named twice", this.#ground.path(rows[index]!.path));
      known.add(text);
      leading.push(one);
    }
    return leading;
  }

  /** What a row of the join table has that leads to a row. */
  async #leading(key: Key, inside: Inside): Promise<Row> {
    const found = await key(inside);
    return Object.fromEntries(
      this.#join.relation.on.map(({ source, target }) => [source.name, found[target.name]]),
    );
  }
}
