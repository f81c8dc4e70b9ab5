import type { SchemaShape, TableName } from "../../src/infer.ts";
import { changeParams, readParams } from "../params.ts";
import type { AggregateOptions } from "./aggregate.ts";
import type { ChangeOptions, GetOptions, ManyOptions, PostOptions, ReadOptions } from "./selector.ts";

/** Turns typed questions about the tables of a schema into URL parameters, one method per method of the client. */
export interface QueryBuilder<S extends SchemaShape> {
  /** The parameters of a read, as it is or with `findFirst`. */
  Get<T extends TableName<S>>(options?: GetOptions<S, T>): URLSearchParams;
  /** The parameters of a read that answers one row. */
  GetFirst<T extends TableName<S>>(options?: ReadOptions<S, T>): URLSearchParams;
  /** The parameters of a read that answers a list. */
  GetMany<T extends TableName<S>>(options?: ManyOptions<S, T>): URLSearchParams;
  /** The parameters of a question for numbers. */
  Aggregate<T extends TableName<S>>(options: AggregateOptions<S, T>): URLSearchParams;
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
    Aggregate: readParams,
    Post: readParams,
    Patch: changeParams,
    Delete: changeParams,
  };
}
