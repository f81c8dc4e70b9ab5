import type { One } from "drizzle-orm";
import type { AnyApi, ColumnsOf, TargetOf } from "../../src/infer.ts";
import type { Filterable } from "./columns.ts";
import type { Embeddable, RelationAt, RelationRules } from "./relations.ts";

/** A table under its rules, as a ground: where filters and orders look names up. */
export interface RuleGround<A extends AnyApi, T extends keyof A["schema"], Rule> {
  readonly rule: Rule;
  readonly columns: Pick<ColumnsOf<A["schema"], T>, Filterable<ColumnsOf<A["schema"], T>, Rule>>;
  readonly one: {
    readonly [K in Embeddable<Rule> as RelationAt<A["schema"], T, K, Rule> extends One ? K : never]: GroundAt<
      A,
      T,
      Rule,
      K
    >;
  };
  readonly many: {
    readonly [K in Embeddable<Rule> as RelationAt<A["schema"], T, K, Rule> extends One ? never : K]: GroundAt<
      A,
      T,
      Rule,
      K
    >;
  };
}

/** The ground that a relation leads to. */
export type GroundAt<A extends AnyApi, T extends keyof A["schema"], Rule, K> = RuleGround<
  A,
  TargetOf<A["schema"], RelationAt<A["schema"], T, K, Rule>>,
  RelationRules<A, Rule, K>
>;
