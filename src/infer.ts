import type { Relation, Relations, Table, View } from "drizzle-orm";

/** The exports of a Drizzle schema file, as `typeof schema` has them. */
export type SchemaShape = Record<string, unknown>;

/** The tables and views of a schema, by the names they are exported under. */
export type TableName<S extends SchemaShape> = {
  [K in keyof S]: S[K] extends Table | View ? K : never;
}[keyof S] &
  string;

/** The columns of a table, by the names the schema gives them; of a view, its computed fields too. */
export type ColumnsOf<S extends SchemaShape, T extends keyof S> = S[T] extends Table
  ? S[T]["_"]["columns"]
  : S[T] extends View
    ? S[T]["_"]["selectedFields"]
    : never;

/** The relations of a table by name; none where it has none, as no view has. */
export type RelationsOf<S extends SchemaShape, T extends keyof S> = S[T] extends Table
  ? Merged<ValueAt<RelationsByTable<S>, S[T]["_"]["name"]>>
  : S[T] extends View
    ? // oxlint-disable-next-line typescript/no-generated-empty-object-type -- a view has no relations
      Record<never, never>
    : never;

/** The table a relation leads to. */
export type TargetOf<S extends SchemaShape, R> = R extends Relation
  ? Extract<ValueAt<TablesByDatabaseName<S>, R["referencedTableName"]>, TableName<S>>
  : never;

// Two maps of the whole schema, which the compiler makes once; a search for each table would be slow in a large schema.
type RelationsByTable<S extends SchemaShape> = {
  [K in keyof S as S[K] extends Relations ? S[K]["table"]["_"]["name"] : never]: S[K] extends Relations
    ? ReturnType<S[K]["config"]>
    : never;
};
type TablesByDatabaseName<S extends SchemaShape> = {
  [K in TableName<S> as S[K] extends Table ? S[K]["_"]["name"] : never]: K;
};
type ValueAt<M, K> = K extends keyof M ? M[K] : never;

/** One record of a union of records: a table may have its relations declared in several places. */
type Merged<U> = { [K in KeyOf<U>]: U extends { readonly [P in K]: infer R } ? R : never };
type KeyOf<U> = U extends unknown ? keyof U & string : never;

/**
 * What the types of a front end are made of: the rules, the schema they speak of, what else is said of its tables, and
 * answers that none of them knows.
 */
export interface AnyApi {
  /** What every access-control file looks like from afar; `satisfies ACL` has checked it where it was written. */
  readonly acl: Readonly<Record<string, { readonly table: string }>>;
  readonly schema: SchemaShape;
  readonly answers: object;
  readonly tables: object;
}

/**
 * The one type a back end exports for its front ends. It holds types only, so nothing of the rules or of Drizzle gets into
 * a bundle. Answers that a `formatResult` shapes are unknown; `Answers` says what they are, by resource. `Tables` is the
 * type of the tables' rules, where there are any: by it columns that the server sets are not asked of clients.
 *
 * @example
 * export type Api = InferApi<typeof acl, typeof schema>;
 * export type Api = InferApi<typeof acl, typeof schema, { report: { weeks: number[] } }>;
 * export type Api = InferApi<typeof acl, typeof schema, {}, typeof tables>;
 */
// An alias and no interface: a type that is declared as one takes its own name, and errors print `Api`.
export type InferApi<
  Acl extends AnyApi["acl"],
  Schema extends SchemaShape,
  Answers extends { readonly [R in keyof Acl]?: unknown } = {},
  Tables extends { readonly [T in keyof Schema]?: object } = {},
> = {
  readonly acl: Acl;
  readonly schema: Schema;
  readonly answers: Answers;
  readonly tables: Tables;
};
