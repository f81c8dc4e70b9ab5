import type { RelationsOf, SchemaShape, TableName } from "../infer.ts";
import type { ManyRelationOf, OneRelationOf, TargetAt } from "./order-rule.ts";
import type { ResourceId } from "./rule.ts";

/**
 * The relations that may be written through a rule, each with the resource by whose rules its rows are written; and under
 * names of their own, lists that pass a join table.
 *
 * @example nest: { comments: "comments", tags: { through: ["postTags", "tag"], resource: "tags", join: "postTags" } }
 */
export type Nests<Schema extends SchemaShape, T extends TableName<Schema>> =
  | NestsByRelation<Schema, T>
  | (NestsByRelation<Schema, T> & JoinedNests<Schema, T>);

/** Relations by name, each with a resource. */
export type NestsByRelation<Schema extends SchemaShape, T extends TableName<Schema>> = {
  readonly [R in keyof RelationsOf<Schema, T>]?: ResourceId;
};

/** Lists over a join table, by names of the author's own. */
export interface JoinedNests<Schema extends SchemaShape, T extends TableName<Schema>> {
  readonly [name: string]:
    | ResourceId
    | `\`${T}\` has no relation of this name; a list that passes a join table says \`through\``
    | JoinedNest<Schema, T, ManyRelationOf<Schema, T>>;
}

/** A list over a join table: the way, the resource by which its rows are named, and that of the join table's own rows. */
export type JoinedNest<
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  Many extends ManyRelationOf<Schema, T>,
> = {
  [M in Many]: {
    /** The relation to the join table, and the one from it. */
    readonly through: readonly [M, OneRelationOf<Schema, TargetAt<Schema, T, M>>];
    /** The resource by whose GET rule the caller names rows. */
    readonly resource: ResourceId;
    /** The resource by whose POST and DELETE rules rows of the join table are made and removed. */
    readonly join: ResourceId;
  };
}[Many];
