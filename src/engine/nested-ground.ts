import type { Row } from "../author/author.ts";
import { QueryError } from "../error.ts";
import type { NestPolicy } from "../policy/policy.ts";
import type { NamedRows, NewRows } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Spot, Tree } from "./nested.ts";
import { type Place, together } from "./nested-place.ts";

/** Where the rows of a write stand whose relations are written. */
export interface Root extends Spot {
  /** Where the write has its rows. */
  readonly root: string;
}

/** The paths of a relation, beginning with its row's. */
const within = (root: string, path: string): string => (root === "" ? path : `${root}.${path}`);

/** Where what belongs to the rows of a write stands. */
export class Ground {
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

export const newRows = (
  ground: Ground,
  { body, path }: NewRows,
): { readonly body: unknown; readonly place: Place } => ({
  body,
  place: together(ground.path(path)),
});

/** What a row gives those that belong to it: their columns, with its values. */
export function given({ on }: NestPolicy["relation"], row: Row): Row {
  return Object.fromEntries(on.map(({ source, target }) => [target.name, row[source.name] ?? null]));
}

/** The columns by which those belong to a row that a relation leads to. */
export const targetsOf = ({ relation }: NestPolicy): readonly ColumnInfo[] =>
  relation.on.map(({ target }) => target);

/** What a row has in some columns. */
export const chosen = (values: Row, columns: readonly ColumnInfo[]): Row =>
  Object.fromEntries(columns.map(({ name }) => [name, values[name]]));

/** What joins rows, as it is when they are not joined any more. */
export function emptied(columns: readonly ColumnInfo[], path: string): Row {
  const nullable = columns.filter((column) => column.nullable);
  if (nullable.length > 0) return Object.fromEntries(nullable.map(({ name }) => [name, null]));
  throw new QueryError("invalid-body", "these rows belong to some row, and cannot be left without one", {
    path,
    hint: "delete them, or connect them elsewhere",
  });
}
