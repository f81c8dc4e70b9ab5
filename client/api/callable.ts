import type { AnyApi } from "../../src/infer.ts";
import type { ChangeMethod, Method } from "../options.ts";
import type { WantsWhere } from "./question.ts";
import type { EntryOf, Offering, Resource, Unknown } from "./resource.ts";
import type { Rules } from "./rules.ts";

/** A resource's name, or in its place the sentence that says why it cannot be asked like this. */
export type Callable<A extends AnyApi, R extends string, M extends Method> =
  Unknown<A> extends true
    ? R
    : [R] extends [Offering<A, M>]
      ? R
      : Resource<A> extends R
        ? Offering<A, M>
        : R extends Resource<A>
          ? `no rule lets anybody ${M} \`${R}\``
          : `there is no resource \`${R}\``;

/** The same for changes: where every rule wants a filter, a call to which no question is `Given` has none. */
export type Changeable<A extends AnyApi, R extends string, M extends ChangeMethod, Given> =
  IsUnknown<Given> extends true
    ? [R, WantsWhere<Rules<A, R, M, {}>>] extends [Offering<A, M>, true]
      ? WithoutWhere<R>
      : Callable<A, R, M>
    : Callable<A, R, M>;

type IsUnknown<T> = 0 extends 1 & T ? false : unknown extends T ? true : false;

/** Why a change needs a question. */
export type WithoutWhere<R extends string> = `\`${R}\` wants a filter: say which rows with \`where\``;

/** The same for reads that answer one row, or a list, which a resource may have settled. */
export type Readable<A extends AnyApi, R extends string, First extends boolean> =
  Unknown<A> extends true
    ? R
    : [R] extends [Settled<A, First extends true ? false : true>]
      ? `\`${R}\` answers ${First extends true ? "lists: call `get`" : "one row: call `first`"}`
      : Resource<A> extends R
        ? Exclude<Offering<A, "GET">, Settled<A, First extends true ? false : true>>
        : Callable<A, R, "GET">;

/** The resources that always answer one row, or never do. */
type Settled<A extends AnyApi, First extends boolean> = {
  [R in Resource<A>]: EntryOf<A, R> extends { readonly findFirst: First } ? R : never;
}[Resource<A>];
