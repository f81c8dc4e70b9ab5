import { at, invalidBody, QueryError, quote, quoteAll } from "../error.ts";
import { didYouMean } from "../suggest.ts";
import { isMap } from "./map.ts";

/** Rows that a client names, by a filter, and where in the body he does. */
export interface NamedRows {
  readonly where: object;
  readonly path: string;
}

/** Rows that are to be made: one, or a list of them. */
export interface NewRows {
  readonly body: unknown;
  readonly path: string;
}

/** A change of rows: of those that a filter names, or of the one that there is. */
export interface RowChange {
  readonly where: object | undefined;
  readonly body: unknown;
  readonly path: string;
}

/** What a body wants of the rows of one relation. */
export interface NestedWish {
  readonly create: readonly NewRows[];
  /** Rows that are there, and are to belong to this one. */
  readonly connect: readonly NamedRows[];
  /** Those that are not to belong to it any more; `"one"` is the one that there is. */
  readonly disconnect: readonly NamedRows[] | "one";
  /** All that are to belong to it; absent where nothing is said. */
  readonly set: readonly NamedRows[] | undefined;
  readonly update: readonly RowChange[];
  readonly delete: readonly NamedRows[];
  readonly path: string;
}

/** What can be wanted of a relation. */
export interface NestedKind {
  /** Whether it leads to a list. */
  readonly list: boolean;
  /** Whether it passes a join table, so that rows are only connected. */
  readonly joined: boolean;
  /** Whether the row that it begins at is there already. */
  readonly change: boolean;
}

const NOTHING = { create: [], connect: [], disconnect: [], set: undefined, update: [], delete: [] } as const;

type Verb = Exclude<keyof NestedWish, "path">;

/** The words of a relation, in the order in which a list takes them. */
function verbsOf({ list, joined, change }: NestedKind): ReadonlySet<Verb> {
  const verbs: Verb[] = joined ? ["connect"] : ["create", "connect"];
  if (change && list) verbs.push("disconnect", "set", ...(joined ? [] : (["update", "delete"] as const)));
  if (change && !list) verbs.push("disconnect", "update");
  return new Set(verbs);
}

/**
 * Reads what a body says of a relation.
 *
 * @throws QueryError `invalid-body`.
 */
export function readNested(value: unknown, kind: NestedKind, path: string): NestedWish {
  const verbs = verbsOf(kind);
  if (Array.isArray(value)) {
    if (!kind.list || !verbs.has("create")) throw misread(verbs, path);
    return { ...NOTHING, create: newRows(value, path), path };
  }
  if (!isMap(value)) throw misread(verbs, path);
  const given = Object.entries(value).filter(([, part]) => part !== undefined);
  // A set that is asked about any text: its own type takes only what it may hold.
  const strange = given.find(([verb]) => !(verbs as ReadonlySet<string>).has(verb));
  if (strange !== undefined)
    throw new QueryError("invalid-body", `${quote(strange[0])} is not taken here`, {
      path: at(path, strange[0]),
      hint: didYouMean(strange[0], verbs) ?? `it takes ${quoteAll(verbs)}`,
    });
  if (given.length === 0 || (!kind.list && given.length > 1)) throw misread(verbs, path);
  const wish: Record<string, unknown> = { ...NOTHING, path };
  // Whatever is no verb of this relation was refused above.
  for (const [verb, part] of given)
    wish[verb] = (kind.list ? OF_LIST : OF_ONE)[verb as Verb](part, at(path, verb));
  // Each verb has what its reader made of it, the others what NOTHING says.
  return wish as unknown as NestedWish;
}

const misread = (verbs: ReadonlySet<Verb>, path: string): QueryError =>
  new QueryError("invalid-body", "expected what is to become of related rows", {
    path,
    hint: `write a map with ${quoteAll(verbs)}`,
  });

type Reader = (part: unknown, path: string) => unknown;

const OF_LIST: Readonly<Record<Verb, Reader>> = {
  create: (part, path) => newRows(listOf(part, path), path),
  connect: readRows,
  disconnect: readRows,
  set: readRows,
  delete: readRows,
  update: (part, path) =>
    listOf(part, path).map((item, index): RowChange => {
      const here = at(path, index);
      if (!isMap(item)) throw invalidBody("a change is a map with `where` and `body`", here);
      for (const key of Object.keys(item))
        if (key !== "where" && key !== "body")
          throw invalidBody(
            `${quote(key)} is no part of a change: it takes \`where\` and \`body\``,
            at(here, key),
          );
      const { where, body } = item;
      return { where: readWhere(where, at(here, "where")).where, body, path: here };
    }),
};

const OF_ONE: Readonly<Record<Verb, Reader>> = {
  ...OF_LIST,
  create: (body, path): readonly NewRows[] => {
    if (!isMap(body)) throw invalidBody("expected an object", path);
    return [{ body, path }];
  },
  connect: (part, path) => [readWhere(part, path)],
  disconnect: (part, path) => {
    if (part !== true) throw invalidBody("expected true", path);
    return "one";
  },
  update: (body, path): readonly RowChange[] => [{ where: undefined, body, path }],
};

/** Nothing is made of an empty list. */
const newRows = (body: readonly unknown[], path: string): readonly NewRows[] =>
  body.length === 0 ? [] : [{ body, path }];

function readRows(part: unknown, path: string): readonly NamedRows[] {
  return listOf(part, path).map((item, index) => readWhere(item, at(path, index)));
}

function readWhere(where: unknown, path: string): NamedRows {
  if (typeof where === "object" && where !== null) return { where, path };
  throw new QueryError("invalid-body", "expected a filter that says which rows", {
    path,
    hint: 'write { "id": … }',
  });
}

function listOf(part: unknown, path: string): readonly unknown[] {
  if (Array.isArray(part)) return part;
  throw invalidBody("expected a list", path);
}
