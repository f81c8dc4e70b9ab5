import type { AnyApi } from "../../src/infer.ts";
import type { ChangeMethod, Method } from "../options.ts";
import type { Declares, WantsParams } from "./parameters.ts";
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
      : Askable<A, R, M, Given, Callable<A, R, M>>
    : Callable<A, R, M>;

/** A name, unless the resource wants parameters and a call to which no question is `Given` has none. */
export type Askable<A extends AnyApi, R extends string, M extends Method, Given, Name> =
  Declares<A> extends true
    ? WantsParams<A, R, Rules<A, R, M, {}>> extends true
      ? IsUnknown<Given> extends true
        ? WithoutParams<R>
        : Name
      : Name
    : Name;

/** Why a call needs a question. */
export type WithoutParams<R extends string> = `\`${R}\` wants parameters: say them in \`params\``;

type IsUnknown<T> = 0 extends 1 & T ? false : unknown extends T ? true : false;

/** Why a change, or a read, needs a question. */
export type WithoutWhere<R extends string> = `\`${R}\` wants a filter: say which rows with \`where\``;

/** The same for reads, which may want a filter as well. */
export type Readable<A extends AnyApi, R extends string, First extends boolean, Given> =
  IsUnknown<Given> extends true
    ? [R, WantsWhere<Rules<A, R, "GET", {}>>] extends [Offering<A, "GET">, true]
      ? WithoutWhere<R>
      : Askable<A, R, "GET", Given, Answering<A, R, First>>
    : Answering<A, R, First>;

/** A name, where the resource answers one row, or a list, as it is asked; a resource may have settled which. */
type Answering<A extends AnyApi, R extends string, First extends boolean> =
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
