import type { SQL } from "drizzle-orm";
import type { AggregateChoice } from "./aggregate-rule.ts";
import type { WriteHook } from "./context.ts";
import type { ChangeGuards, ColumnChoice, ForbidQuery, LimitOptions } from "./rule.ts";
import type { StandardSchema } from "./standard-schema.ts";
import type { SearchFact } from "./table-rule.ts";

/** Any access-control file, whatever its schema and session: what the engine takes. */
export interface AnyRule extends LimitOptions, ChangeGuards {
  readonly select?: AnyAccess;
  readonly extras?: Readonly<Record<string, SQL.Aliased | AuthorFunction>>;
  readonly unrestricted?: boolean;
  readonly deleted?: "include" | "only";
  readonly parent?: Readonly<Record<string, string | undefined>>;
  readonly where?: AuthorFunction;
  readonly check?: true | AuthorFunction;
  readonly ensure?: true | AuthorFunction;
  readonly orderBy?: Readonly<Record<string, unknown>>;
  readonly forbidQuery?: ForbidQuery;
  readonly aggregate?: AggregateChoice<string>;
  readonly search?: boolean;
  readonly with?: Readonly<Record<string, boolean | string | AnyRule | undefined>>;
  readonly through?: readonly string[];
  readonly throughWhere?: AuthorFunction;
  readonly resource?: string;
  readonly validateBody?: AuthorFunction | StandardSchema;
  readonly injectBody?: AuthorFunction;
  readonly write?: AnyAccess;
  readonly dryRun?: boolean;
  readonly transition?: AuthorFunction;
  readonly nest?: Readonly<Record<string, string | AnyJoinedNest | undefined>>;
  readonly beforeQuery?: AuthorFunction;
  readonly afterQuery?: WriteHook<AuthorFunction>;
  readonly onQueryError?: AuthorFunction;
  readonly afterCommit?: WriteHook<AuthorFunction>;
  readonly formatResult?: AuthorFunction;
  readonly live?: boolean | { readonly every: number };
  readonly dependsOn?: readonly string[];
}

/** A list over a join table that is written through, of any table. */
export interface AnyJoinedNest {
  readonly through: readonly [string, string];
  readonly resource: string;
  readonly join: string;
}

/** Columns on rows, of any table. */
export type AnyAccess = ColumnChoice<string> | AnyGrants;

/** A list of grants, for columns of any table. */
export interface AnyGrants {
  readonly length: number;
  readonly [index: number]: {
    readonly columns: Exclude<ColumnChoice<string>, boolean>["columns"];
    readonly when?: AuthorFunction;
  };
}

/** What is true of any table. */
export interface AnyTableRule {
  readonly where?: AuthorFunction;
  readonly set?: Readonly<Record<string, AuthorFunction | undefined>>;
  readonly softDelete?: string;
  readonly version?: string;
  readonly search?: SearchFact<string>;
}

/** Any tables' rules. */
export type AnyTableRules = Readonly<Record<string, AnyTableRule | undefined>>;

/** A function of an author; its own types were checked where it was written. */
// oxlint-disable-next-line typescript/no-explicit-any -- functions over different tables have no common parameters
export type AuthorFunction = (...parameters: any[]) => any;

/** Any resource of any access-control file. */
export interface AnyEntry extends LimitOptions {
  readonly table: string;
  readonly findFirst?: boolean;
  readonly countTotal?: boolean;
  readonly triggers?: boolean;
  readonly params?: Readonly<Record<string, StandardSchema>>;
  readonly beforeQuery?: AuthorFunction;
  readonly afterQuery?: WriteHook<AuthorFunction>;
  readonly onQueryError?: AuthorFunction;
  readonly afterCommit?: WriteHook<AuthorFunction>;
  readonly formatResult?: AuthorFunction;
  /** Absent in `NoEntry` alone. */
  readonly control?: Readonly<Record<string, Readonly<Record<string, AnyRule | undefined>> | undefined>>;
}

/** Any access-control file. */
export type AnyACL = Readonly<Record<string, AnyEntry>>;
