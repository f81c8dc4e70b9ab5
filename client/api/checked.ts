import type { One } from "drizzle-orm";
import type { AnyApi, ColumnsOf, SchemaShape, TargetOf } from "../../src/infer.ts";
import type { ChangeMethod, Flags, Method, Scope } from "../options.ts";
import type { WithoutWhere } from "./callable.ts";
import type { CheckedFilter, NoColumn } from "./checked-filter.ts";
import type { Filterable, Nameable, Visible } from "./columns.ts";
import type { Omitted } from "./draft.ts";
import type { Parts, WantsWhere } from "./question.ts";
import type { Embeddable, RelationAt, RelationRules } from "./relations.ts";
import type { TableOf, Unknown } from "./resource.ts";
import type { HasScope, Rules } from "./rules.ts";

/** A question about rows to change. Where every rule wants a filter, it has one. */
export type CheckedChange<A extends AnyApi, R extends string, M extends ChangeMethod, Q> = [
  WantsWhere<Rules<A, R, M, Q>>,
  Omitted<Q>,
  {},
] extends [true, false, Pick<Q, "where" & keyof Q>]
  ? { readonly where: WithoutWhere<R> }
  : Checked<A, R, M, Q>;

/** A question in which a sentence stands wherever a name is not one of its own; it is the question itself when all are. */
export type Checked<A extends AnyApi, R extends string, M extends Method, Q> = true extends
  | Unknown<A>
  | Omitted<Q>
  ? Q
  : {
      [K in keyof Q]: K extends Parts[M]
        ? CheckedPart<A["schema"], TableOf<A, R>, Rules<A, R, M, Q>, M, R, K, Required<Q>[K]>
        : K extends Scope
          ? HasScope<A, R, M, K> extends true
            ? Q[K]
            : Q[K] extends true
              ? `\`${R}\` has no rule for \`${K}\``
              : Q[K]
          : K extends keyof Flags
            ? Q[K]
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
          ? Kind extends ChangeMethod
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
