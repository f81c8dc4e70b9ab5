import type { One } from "drizzle-orm";
import type { AnyApi, ColumnsOf, SchemaShape, TargetOf } from "../src/infer.ts";
import type { Simplify } from "./row.ts";
import type {
  Anything,
  Embeddable,
  EntryOf,
  Filterable,
  HasScope,
  Method,
  Nameable,
  Offering,
  RelationAt,
  RelationRules,
  Resource,
  ResourceColumns,
  Rules,
  TableOf,
  Unknown,
  Visible,
} from "./rules.ts";
import type {
  ComputedKey,
  Conditions,
  Direction,
  FilterAt,
  Flags,
  NotSpeltOut,
  OneOf,
  OpenFilter,
  OperatorName,
  Ordering,
} from "./selector.ts";

/** What a read asks: flags and selector in one object, each name one that a rule lets out. */
export type ReadQuestion<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? Anything
    : Simplify<
        Flags &
          ListParts<A["schema"], TableOf<A, R>, Rules<A, R, "GET", AnyScope>> & {
            readonly where?: FilterOf<A, R, "GET"> | undefined;
          }
      >;

/** What a POST asks for beside its body. */
export type PostQuestion<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? Anything
    : Simplify<Flags & RowParts<A["schema"], TableOf<A, R>, Rules<A, R, "POST", AnyScope>>>;

/** Which rows a PATCH or DELETE changes, and what of them comes back. */
export type ChangeQuestion<A extends AnyApi, R extends string, M extends "PATCH" | "DELETE"> =
  Unknown<A> extends true
    ? Anything
    : Simplify<
        Flags &
          RowParts<A["schema"], TableOf<A, R>, Rules<A, R, M, AnyScope>> &
          (WantsWhere<Rules<A, R, M, AnyScope>> extends true
            ? { readonly where: FilterOf<A, R, M> }
            : { readonly where?: FilterOf<A, R, M> })
      >;

/** Which rows of a resource a request is about. */
export type FilterOf<A extends AnyApi, R extends string, M extends Method> =
  | Where<A, R, M>
  | OneOf<WhereWithin<A, R, M>>
  | (Unknown<A> extends true ? Anything : never);

// Named by what a reader knows, as errors print it: 'statu' does not exist in type 'Where<Api, "tasks", "GET">'.
type Where<A extends AnyApi, R extends string, M extends Method> = Conditions<
  Filtered<A, R, M>,
  WhereWithin<A, R, M>
>;
interface WhereWithin<A extends AnyApi, R extends string, M extends Method> {
  readonly filter: FilterOf<A, R, M>;
}

/** The columns a filter may name. */
type Filtered<A extends AnyApi, R extends string, M extends Method> = Pick<
  ResourceColumns<A, R>,
  M extends "GET"
    ? Visible<ResourceColumns<A, R>, Rules<A, R, M, AnyScope>>
    : Filterable<ResourceColumns<A, R>, Rules<A, R, M, AnyScope>>
>;

/** Whether every rule refuses to change rows that no filter names. */
type WantsWhere<Rule> = [Rule] extends [{ readonly requireWhere: true }]
  ? [Rule] extends [never]
    ? false
    : true
  : false;

/** A scope that may be any. */
interface AnyScope {
  readonly mine: boolean;
}

interface RowParts<S extends SchemaShape, T extends keyof S, Rule> {
  readonly columns?:
    | boolean
    | { readonly [K in Nameable<ColumnsOf<S, T>, Rule>]?: boolean | undefined }
    | undefined;
  readonly with?:
    | {
        readonly [K in Embeddable<Rule>]?:
          | boolean
          | RelationParts<S, TargetOf<S, RelationAt<S, T, K>>, RelationRules<Rule, K>, RelationAt<S, T, K>>
          | undefined;
      }
    | undefined;
}

interface ListParts<S extends SchemaShape, T extends keyof S, Rule> extends RowParts<S, T, Rule> {
  readonly orderBy?: Ordering<Pick<ColumnsOf<S, T>, Visible<ColumnsOf<S, T>, Rule>>> | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

type RelationParts<S extends SchemaShape, T extends keyof S, Rule, R> = R extends One
  ? Simplify<RowParts<S, T, Rule>>
  : Simplify<
      ListParts<S, T, Rule> & {
        readonly where?: FilterAt<S, T, Visible<ColumnsOf<S, T>, Rule>> | undefined;
      }
    >;

/* Questions as they are written: with any name, since `Checked` has a sentence for each that is none. */

/** Any name. A question of nothing but unknown names would else be refused without a word. */
export interface Open<V = unknown> {
  readonly [name: string]: V;
}

/**
 * Any value, as it is written. That it depends on a name not known yet makes TypeScript keep literals as they are, at every
 * depth: `"todo"`, and not `string`; the empty list makes it keep pairs: `[1, 2]`, and not `number[]`.
 */
export type Written<Name> = [Name] extends [PropertyKey]
  ?
      | string
      | number
      | bigint
      | boolean
      | object
      | Members<Name>
      | readonly Written<Name>[]
      | []
      | null
      | undefined
  : never;
interface Members<Name> {
  readonly [name: string]: Written<Name>;
}

declare const unasked: unique symbol;

/** What no question has. TypeScript takes a question that is left out for its constraint, and this is how to tell. */
export interface Unasked {
  readonly [unasked]?: never;
}

/** Whether a question was left out. */
export type Omitted<Q> = keyof Unasked extends keyof Q ? true : false;

/** What a read asks, as it is written. */
export type ReadDraft<A extends AnyApi, R extends string> = Flags &
  Open &
  Unasked &
  ListDraft<A["schema"], TableOf<A, R>, Rules<A, R, "GET", AnyScope>>;

/** What a POST asks for, as it is written. */
export type PostDraft<A extends AnyApi, R extends string> = Flags &
  Open &
  Unasked &
  RowDraft<A["schema"], TableOf<A, R>, Rules<A, R, "POST", AnyScope>>;

/** What a PATCH or DELETE asks for, as it is written. `Checked` refuses a filter that may be undefined, and says why. */
export type ChangeDraft<A extends AnyApi, R extends string, M extends "PATCH" | "DELETE"> = Flags &
  Open &
  Unasked &
  RowDraft<A["schema"], TableOf<A, R>, Rules<A, R, M, AnyScope>> & {
    readonly where?: OpenFilter<Filtered<A, R, M>, Open<Written<R>>> | undefined;
  };

/** A draft, or anything where nothing is known. */
export type Draft<A extends AnyApi, D> = Unknown<A> extends true ? Anything : D;

interface RowDraft<S extends SchemaShape, T extends keyof S, Rule> {
  readonly columns?:
    | boolean
    | ({ readonly [K in Nameable<ColumnsOf<S, T>, Rule>]?: boolean | undefined } & Open<boolean | undefined>)
    | undefined;
  readonly with?:
    | ({ readonly [K in Embeddable<Rule>]?: boolean | RelationDraft<S, T, Rule, K> | undefined } & Open<
        boolean | object | undefined
      >)
    | undefined;
}

interface ListDraft<S extends SchemaShape, T extends keyof S, Rule> extends RowDraft<S, T, Rule> {
  readonly where?:
    | OpenFilter<Pick<ColumnsOf<S, T>, Visible<ColumnsOf<S, T>, Rule>>, Open<Written<T>>>
    | undefined;
  readonly orderBy?:
    | (Ordering<Pick<ColumnsOf<S, T>, Visible<ColumnsOf<S, T>, Rule>>> & Open<Direction | undefined>)
    | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

type RelationDraft<S extends SchemaShape, T extends keyof S, Rule, K> = (RelationAt<S, T, K> extends One
  ? RowDraft<S, TargetOf<S, RelationAt<S, T, K>>, RelationRules<Rule, K>>
  : ListDraft<S, TargetOf<S, RelationAt<S, T, K>>, RelationRules<Rule, K>>) &
  Open;

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
export type Changeable<A extends AnyApi, R extends string, M extends "PATCH" | "DELETE", Given> =
  IsUnknown<Given> extends true
    ? [R, WantsWhere<Rules<A, R, M, {}>>] extends [Offering<A, M>, true]
      ? WithoutWhere<R>
      : Callable<A, R, M>
    : Callable<A, R, M>;

type IsUnknown<T> = 0 extends 1 & T ? false : unknown extends T ? true : false;

/** A question about rows to change. Where every rule wants a filter, it has one. */
export type CheckedChange<A extends AnyApi, R extends string, M extends "PATCH" | "DELETE", Q> = [
  WantsWhere<Rules<A, R, M, Q>>,
  Omitted<Q>,
  {},
] extends [true, false, Pick<Q, "where" & keyof Q>]
  ? { readonly where: WithoutWhere<R> }
  : Checked<A, R, M, Q>;

type WithoutWhere<R extends string> = `\`${R}\` wants a filter: say which rows with \`where\``;

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

/** The parts a question may have, by method; `one` is a relation to one row, `many` to a list. */
interface Parts {
  readonly GET: "columns" | "where" | "orderBy" | "limit" | "offset" | "with";
  readonly POST: "columns" | "with";
  readonly PATCH: "columns" | "where" | "with";
  readonly DELETE: "columns" | "where" | "with";
  readonly one: "columns" | "with";
  readonly many: Parts["GET"];
}

/** A question in which a sentence stands wherever a name is not one of its own; it is the question itself when all are. */
export type Checked<A extends AnyApi, R extends string, M extends Method, Q> = true extends
  | Unknown<A>
  | Omitted<Q>
  ? Q
  : {
      [K in keyof Q]: K extends Parts[M]
        ? CheckedPart<A["schema"], TableOf<A, R>, Rules<A, R, M, Q>, M, R, K, Required<Q>[K]>
        : K extends "countTotal"
          ? Q[K]
          : K extends keyof Flags
            ? HasScope<A, R, M, K> extends true
              ? Q[K]
              : Q[K] extends true
                ? `\`${R}\` has no rule for \`${K}\``
                : Q[K]
            : string extends K
              ? Q[K]
              : `there is no \`${K & string}\` in a ${M} of \`${R}\``;
    };

type CheckedPart<
  S extends SchemaShape,
  T extends keyof S,
  Rule,
  Kind extends keyof Parts,
  Name extends string,
  K,
  P,
> =
  Forbids<Rule, K> extends true
    ? `\`${K & string}\` is forbidden in \`${Name}\``
    : K extends "columns"
      ? CheckedNames<Nameable<ColumnsOf<S, T>, Rule>, Name, P>
      : K extends "orderBy"
        ? CheckedNames<Visible<ColumnsOf<S, T>, Rule>, Name, P>
        : K extends "where"
          ? Kind extends "PATCH" | "DELETE"
            ? undefined extends P
              ? "a filter that may be undefined would change every row"
              : CheckedFilter<Pick<ColumnsOf<S, T>, Filterable<ColumnsOf<S, T>, Rule>>, Name, P>
            : CheckedFilter<Pick<ColumnsOf<S, T>, Visible<ColumnsOf<S, T>, Rule>>, Name, P>
          : K extends "with"
            ? CheckedRelations<S, T, Rule, Name, P>
            : P;

/** Whether every rule forbids a part; a rule that does not say allows it. */
type Forbids<Rule, K> = [Rule] extends [{ readonly forbidQuery: { readonly [P in K & string]: true } }]
  ? [Rule] extends [never]
    ? false
    : true
  : false;

type CheckedNames<Known, Name extends string, P> = P extends object
  ? { [K in keyof P]: K extends Known ? P[K] : string extends K ? P[K] : NoColumn<Name, K> }
  : P;

type NoColumn<Name extends string, K> = `\`${Name}\` lets out no column \`${K & string}\``;

type CheckedRelations<
  S extends SchemaShape,
  T extends keyof S,
  Rule,
  Name extends string,
  P,
> = P extends object
  ? {
      [K in keyof P]: K extends Embeddable<Rule>
        ? P[K] extends object
          ? CheckedRelation<
              S,
              TargetOf<S, RelationAt<S, T, K>>,
              RelationRules<Rule, K>,
              RelationAt<S, T, K> extends One ? "one" : "many",
              K,
              P[K]
            >
          : P[K]
        : string extends K
          ? P[K]
          : P[K] extends false | undefined
            ? P[K]
            : [RelationAt<S, T, K>] extends [never]
              ? `\`${Name}\` has no relation \`${K & string}\``
              : `no rule of \`${Name}\` lets \`${K & string}\` be asked for`;
    }
  : P;

type CheckedRelation<
  S extends SchemaShape,
  T extends keyof S,
  Rule,
  Kind extends "one" | "many",
  Name extends string,
  Q,
> = {
  [K in keyof Q]: K extends Parts[Kind]
    ? CheckedPart<S, T, Rule, Kind, Name, K, Q[K]>
    : K extends Parts["many"]
      ? `\`${Name}\` is one row: it takes \`columns\` and \`with\` only`
      : string extends K
        ? Q[K]
        : `there is no \`${K & string}\` in a relation`;
};

type CheckedFilter<C, Name extends string, F> = F extends readonly unknown[]
  ? { [I in keyof F]: CheckedFilter<C, Name, F[I]> }
  : F extends object
    ? string extends keyof F
      ? NotSpeltOut
      : number extends keyof F
        ? F
        : {
            [K in keyof F]: undefined extends Required<F>[K]
              ? "a condition that may be undefined would let more rows through"
              : [Required<F>[K]] extends [never]
                ? F[K]
                : CheckedCondition<C, Name, K, F[K]>;
          }
    : F;

type CheckedCondition<C, Name extends string, K, V> = K extends keyof C | ComputedKey
  ? V
  : K extends "AND" | "OR" | "NOT"
    ? CheckedFilter<C, Name, V>
    : K extends `${infer Column}.${OperatorName}`
      ? Column extends keyof C
        ? K extends keyof Conditions<Pick<C, Column>>
          ? V
          : `\`${Column}\` cannot be compared like this: \`${K}\``
        : NoColumn<Name, Column>
      : K extends `${infer Column}.${infer Operator}`
        ? Column extends keyof C
          ? `there is no operator \`${Operator}\``
          : NoColumn<Name, Column>
        : NoColumn<Name, K>;
