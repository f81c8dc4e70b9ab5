import { stringify } from "../src/rjson/stringify.ts";
import type {
  ChangeOptions,
  Flags,
  GetOptions,
  PostOptions,
  ReadOptions,
  SchemaShape,
  TableName,
} from "./selector.ts";
import { mapMembers, member, wire } from "./wire.ts";

/** Turns typed questions about the tables of a schema into URL parameters, one method per method of the client. */
export interface QueryBuilder<S extends SchemaShape> {
  /** The parameters of a read, as it is or with `findFirst`. */
  Get<T extends TableName<S>>(options?: GetOptions<S, T>): URLSearchParams;
  /** The parameters of a read that answers one row. */
  GetFirst<T extends TableName<S>>(options?: ReadOptions<S, T>): URLSearchParams;
  /** The parameters of a read that answers a list. */
  GetMany<T extends TableName<S>>(options?: ReadOptions<S, T>): URLSearchParams;
  /** The parameters that go with new rows. */
  Post<T extends TableName<S>>(options?: PostOptions<S, T>): URLSearchParams;
  /** The parameters that say which rows change. */
  Patch<T extends TableName<S>>(options?: ChangeOptions<S, T>): URLSearchParams;
  /** The parameters that say which rows go. */
  Delete<T extends TableName<S>>(options?: ChangeOptions<S, T>): URLSearchParams;
}

/**
 * Gives a builder of URL parameters for the tables of a schema; it sends nothing.
 *
 * @example
 * const builder = createQueryBuilder<Schema, Database>();
 * builder.Get<"post">({ mine: true, select: { where: { "title.like": "Hello%" }, limit: 5 } });
 * // mine=&select=(where:(title.like:'Hello%'),limit:5), percent-encoded
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- a call names the database beside its schema
export function createQueryBuilder<Schema extends SchemaShape, _Database>(): QueryBuilder<Schema> {
  return {
    Get: readParams,
    GetFirst: (options) => readParams({ ...options, findFirst: true }),
    GetMany: (options) => readParams({ ...options, findFirst: false }),
    Post: readParams,
    Patch: changeParams,
    Delete: changeParams,
  };
}

/** A question as the builder sees it; its types were checked where it was written. */
export interface Question extends Flags {
  readonly findFirst?: boolean | undefined;
  readonly select?: object | undefined;
}

/** The parameters of a question that changes no rows that exist. */
export const readParams = (question?: Question): URLSearchParams => params(question, false);

/** The parameters of a question that changes rows: here a filter that went missing is an error, not every row. */
export const changeParams = (question?: Question): URLSearchParams => params(question, true);

function params(question: Question = {}, changes: boolean): URLSearchParams {
  const search = new URLSearchParams();
  for (const scope of ["mine", "guest", "mine|guest"] as const) {
    if (question[scope] === true) search.set(scope, "");
  }
  // A resource may have a wish of its own here, so `false` is said too.
  for (const wish of ["findFirst", "countTotal"] as const) {
    if (question[wish] !== undefined) search.set(wish, question[wish] ? "" : "F");
  }
  if (question.select !== undefined)
    search.set("select", stringify(wireSelector(question.select, "select", changes)));
  return search;
}

// INVARIANT: inside a filter nothing is dropped. `{ id: undefined }` is a mistake of the caller, and without the
// condition it would read, change or delete rows that were not meant.
function wireSelector(selector: object, path: string, changes: boolean): object {
  if (changes && "where" in selector) wire(selector.where, member(path, "where"), true);
  return mapMembers(selector, false, (part, key) => {
    const here = member(path, key);
    if (key === "with" && isObject(part))
      return mapMembers(part, false, (wish, name) => wireRelation(wish, member(here, name)));
    return wire(part, here, key === "where");
  });
}

const wireRelation = (wish: unknown, path: string): unknown =>
  isObject(wish) ? wireSelector(wish, path, false) : wire(wish, path);

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
