import type { SchemaShape, TableName } from "../../src/infer.ts";
import type { RequestOptions, WriteInit } from "../options.ts";
import type { AggregateOptions, NumberAnswer } from "./aggregate.ts";
import type { FirstAnswer, ManyAnswer, WriteAnswer } from "./answer.ts";
import type { Body, GetOptions, GuardedOptions, ManyOptions, PostOptions, ReadOptions } from "./selector.ts";

/** A URL of resource `R` below `Path`: relative or absolute, with parameters and a hash if need be. */
export type ResourceUrl<Path extends string, R extends string> =
  | URL
  | `${"" | `${string}://${string}`}${Path}/${R}${"" | `?${string}` | `#${string}`}`;

/**
 * The methods of a client. Each names the table `T` whose columns are meant and the resource `R` in the URL, under which
 * the rows are answered. TypeScript infers no type parameters where some are given, so the answer does not know the question:
 * its columns and relations are optional. With the question's type as third parameter it does.
 *
 * @example
 * const question = { select: { columns: { name: true } } } satisfies GetOptions<Schema, "basket">;
 * const { baskets } = await client.Get<"basket", "baskets", typeof question>("/query/baskets", question);
 * baskets[0]?.name; // string
 */
export interface QueryClient<S extends SchemaShape, Path extends string> {
  /** Reads rows: a list, or with `findFirst` one row or null. */
  Get: Get<S, Path>;
  /** Reads one row, or null. */
  GetFirst<T extends TableName<S>, R extends string, O extends ReadOptions<S, T> = ReadOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options?: O,
    init?: RequestOptions,
  ): Promise<FirstAnswer<S, T, R, O>>;
  /** Reads a list of rows. */
  GetMany<T extends TableName<S>, R extends string, O extends ManyOptions<S, T> = ManyOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options?: O,
    init?: RequestOptions,
  ): Promise<ManyAnswer<S, T, R, O>>;
  /** Reads a list page by page, each when it is wanted, as long as there is a next one. */
  Pages<T extends TableName<S>, R extends string, O extends ManyOptions<S, T> = ManyOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options?: O,
    init?: RequestOptions,
  ): AsyncGenerator<ManyAnswer<S, T, R, O & { readonly cursor: true }>, void, undefined>;
  /** Reads numbers about rows: functions of their columns, of all of them or of groups. */
  Aggregate<
    T extends TableName<S>,
    R extends string,
    O extends AggregateOptions<S, T> = AggregateOptions<S, T>,
  >(
    url: ResourceUrl<Path, R>,
    options: O,
    init?: RequestOptions,
  ): Promise<NumberAnswer<S, T, R, O>>;
  /** Creates a row, or several. */
  Post<T extends TableName<S>, R extends string, O extends PostOptions<S, T> = PostOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    body: Body<S, T> | readonly Body<S, T>[],
    options?: O,
    init?: WriteInit,
  ): Promise<WriteAnswer<S, T, R, O>>;
  /** Changes the rows a filter names, or all the rule admits. */
  Patch<T extends TableName<S>, R extends string, O extends GuardedOptions<S, T> = GuardedOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    body: Body<S, T>,
    options?: O,
    init?: WriteInit,
  ): Promise<WriteAnswer<S, T, R, O>>;
  /** Deletes the rows a filter names, or all the rule admits. */
  Delete<T extends TableName<S>, R extends string, O extends GuardedOptions<S, T> = GuardedOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options?: O,
    init?: WriteInit,
  ): Promise<WriteAnswer<S, T, R, O>>;
}

/** Reads rows; the answer follows `findFirst`. */
export interface Get<S extends SchemaShape, Path extends string> {
  <T extends TableName<S>, R extends string, O extends GetOptions<S, T> = GetOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options: O & { readonly findFirst: true },
    init?: RequestOptions,
  ): Promise<FirstAnswer<S, T, R, O>>;
  <T extends TableName<S>, R extends string, O extends GetOptions<S, T> = GetOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options?: O & { readonly findFirst?: false | undefined },
    init?: RequestOptions,
  ): Promise<ManyAnswer<S, T, R, O>>;
  <T extends TableName<S>, R extends string, O extends GetOptions<S, T> = GetOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options: O & { readonly findFirst?: boolean | undefined },
    init?: RequestOptions,
  ): Promise<FirstAnswer<S, T, R, O> | ManyAnswer<S, T, R, O>>;
}
