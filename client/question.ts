import type { One } from "drizzle-orm";
import type { AnyApi, ColumnsOf, SchemaShape, TargetOf } from "../src/infer.ts";
import type {
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
  Visible,
} from "./rules.ts";
import type { Conditions, Filter, Flags, OperatorName, Ordering } from "./selector.ts";

/** What a read asks: flags and selector in one object, each name one that a rule lets out. */
export type ReadQuestion<A extends AnyApi, R extends string> = Flags &
  Open &
  ListQuestion<A["schema"], TableOf<A, R>, Rules<A, R, "GET", AnyScope>>;

/** What a POST asks for beside its body. */
export type PostQuestion<A extends AnyApi, R extends string> = Flags &
  Open &
  RowQuestion<A["schema"], TableOf<A, R>, Rules<A, R, "POST", AnyScope>>;

/** Which rows a PATCH or DELETE changes, and what of them comes back. */
export type ChangeQuestion<A extends AnyApi, R extends string, M extends "PATCH" | "DELETE"> = Flags &
  Open &
  RowQuestion<A["schema"], TableOf<A, R>, Rules<A, R, M, AnyScope>> & { readonly where?: Changing<A, R, M> };

/** A question to change rows as it is written. `Checked` refuses a filter that may be undefined, and says why. */
export type ChangeDraft<A extends AnyApi, R extends string, M extends "PATCH" | "DELETE"> = Flags &
  Open &
  RowQuestion<A["schema"], TableOf<A, R>, Rules<A, R, M, AnyScope>> & {
    readonly where?: Changing<A, R, M> | undefined;
  };

type Changing<A extends AnyApi, R extends string, M extends "PATCH" | "DELETE"> = FilterOf<
  Pick<ResourceColumns<A, R>, Filterable<ResourceColumns<A, R>, Rules<A, R, M, AnyScope>>>
>;

/** Which rows a PATCH or DELETE is about. */
export type ChangeFilter<A extends AnyApi, R extends string, M extends "PATCH" | "DELETE"> = Filter<
  Pick<ResourceColumns<A, R>, Filterable<ResourceColumns<A, R>, Rules<A, R, M, AnyScope>>>
>;

/** A scope that may be any. */
interface AnyScope {
  readonly mine: boolean;
}

/** Any name. A question of nothing but unknown names would else be refused without a word; `Checked` has one for each. */
export interface Open {
  readonly [name: string]: unknown;
}

interface RowQuestion<S extends SchemaShape, T extends keyof S, Rule> {
  readonly columns?:
    | boolean
    | ({ readonly [K in Nameable<ColumnsOf<S, T>, Rule>]?: boolean | undefined } & Open)
    | undefined;
  readonly with?:
    | ({ readonly [K in Embeddable<Rule>]?: boolean | RelationQuestion<S, T, Rule, K> | undefined } & Open)
    | undefined;
}

interface ListQuestion<S extends SchemaShape, T extends keyof S, Rule> extends RowQuestion<S, T, Rule> {
  readonly where?: FilterOf<Pick<ColumnsOf<S, T>, Visible<ColumnsOf<S, T>, Rule>>> | undefined;
  readonly orderBy?: (Ordering<Pick<ColumnsOf<S, T>, Visible<ColumnsOf<S, T>, Rule>>> & Open) | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

type RelationQuestion<S extends SchemaShape, T extends keyof S, Rule, K> = (RelationAt<S, T, K> extends One
  ? RowQuestion<S, TargetOf<S, RelationAt<S, T, K>>, RelationRules<Rule, K>>
  : ListQuestion<S, TargetOf<S, RelationAt<S, T, K>>, RelationRules<Rule, K>>) &
  Open;

type FilterOf<C> = Filter<C, Open>;

/** A resource's name, or in its place the sentence that says why it cannot be asked like this. */
export type Callable<A extends AnyApi, R extends string, M extends Method> = [R] extends [Offering<A, M>]
  ? R
  : Resource<A> extends R
    ? Offering<A, M>
    : R extends Resource<A>
      ? `no rule lets anybody ${M} \`${R}\``
      : `there is no resource \`${R}\``;

/** The same for reads that answer one row, or a list, which a resource may have settled. */
export type Readable<A extends AnyApi, R extends string, First extends boolean> = [R] extends [
  Settled<A, First extends true ? false : true>,
]
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
export type Checked<A extends AnyApi, R extends string, M extends Method, Q> = Bare<{
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
}>;

/** The type without the name it was given, which errors would print with all its arguments. */
export type Bare<T> = { readonly it: T }["it"];

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
    ? number extends keyof F
      ? F
      : {
          [K in keyof F]: undefined extends Required<F>[K]
            ? "a condition that may be undefined would let more rows through"
            : CheckedCondition<C, Name, K, F[K]>;
        }
    : F;

type CheckedCondition<C, Name extends string, K, V> = K extends keyof C
  ? V
  : K extends "AND" | "OR" | "NOT"
    ? CheckedFilter<C, Name, V>
    : string extends K
      ? V
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
