import type { Method as AnyMethod, MethodWith } from "../src/request/method.ts";

/** What goes to `fetch` with a request: `signal`, `headers`, `credentials` and their like. */
export type RequestOptions = Omit<RequestInit, "method" | "body">;

/** The same of a write. */
export interface WriteInit extends RequestOptions {
  /**
   * The key under which it is done once, however often it is sent: 1 to 255 visible characters, made anew for each thing
   * that is to be done.
   *
   * @example const idempotencyKey = crypto.randomUUID(); // outside of what tries again
   */
  readonly idempotencyKey?: string;
  /** Whether all of it is done and taken back, where its rule says `dryRun: true`; else it is refused. */
  readonly dryRun?: boolean;
  /** The most rows that may be written: where more would be, none is. */
  readonly maxAffected?: number;
  /**
   * The fewest rows that have to be written: where fewer would be, none is, and the call is rejected with `not-found`.
   *
   * @example await api.patch("posts", { title }, { where: { id } }, { minAffected: 1 });
   */
  readonly minAffected?: number;
}

/** What goes to `fetch` with every request of a client, and what stands in for `fetch`. */
export interface ClientOptions extends Omit<RequestOptions, "headers"> {
  /**
   * Headers of every request. A function is asked for them each time, as where a token is renewed; what it throws is what the
   * call is rejected with.
   */
  readonly headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>) | undefined;
  /** Sends a request; by default the platform's own `fetch`. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** The path before the name of a resource, for calls by name; by default `/query`. */
  readonly path?: string | undefined;
  /** What keeps answers true, where that is wanted: `live` of `@bepalo/query/client/live`. */
  readonly live?: LiveExtension | undefined;
}

/** Gives a client its `live`. */
export type LiveExtension = (
  base: string | undefined,
  path: string,
  options: Omit<ClientOptions, "path" | "live">,
) => { readonly live: unknown };

/** The parameters every method takes. */
export interface Flags {
  /** Asks for what is the caller's own. */
  readonly mine?: boolean | undefined;
  /** Asks for what guests may have. */
  readonly guest?: boolean | undefined;
  /** Asks for the caller's own, or else for what guests may have. */
  readonly "mine|guest"?: boolean | undefined;
  /** Whether all rows the caller may see are counted. */
  readonly countTotal?: boolean | undefined;
}

/** The parameters a read takes beside. */
export interface ReadFlags extends Flags {
  /** Whether each row says which of the methods that change rows may be used on it: `$can`. */
  readonly can?: boolean | undefined;
}

/** The parameters a read of a list takes beside. */
export interface PageFlags extends ReadFlags {
  /** Whether the answer says where the next page begins, and the previous one: `page`. */
  readonly cursor?: boolean | undefined;
  /** Whether the rows of rule and filter together are counted, whatever the page: `filtered`. */
  readonly countFiltered?: boolean | undefined;
}

/** Where a page begins, or ends, other than at the first row: a cursor that an earlier page had. */
export interface Turn {
  /** The page behind this cursor. */
  readonly after?: string | undefined;
  /** The page before this cursor. */
  readonly before?: string | undefined;
}

/** The parameters a question for numbers takes. */
export interface NumberFlags extends Omit<Flags, "countTotal"> {
  /** Whether all groups are counted, whatever the page: `filtered`. */
  readonly countFiltered?: boolean | undefined;
}

/** The values of parameters that a resource declares, by name. */
export type Parameters = Readonly<Record<string, string | number | bigint | boolean | Date | undefined>>;

/**
 * What becomes of new rows that meet rows which exist, by the key that both have the same values in.
 *
 * @example await api.post("users", rows, { onConflict: { target: ["email"], update: ["name"] } });
 */
export interface OnConflict<Target = string, Update = string> {
  /** The columns of the primary key, or of one that is unique. */
  readonly target: readonly Target[];
  /** The columns that are changed then; by default those that a row is sent with. */
  readonly update?: readonly Update[] | undefined;
  /** Whether they stay as they are. */
  readonly ignore?: boolean | undefined;
}

/** How many of the rows that were written are new, where that was asked. */
export type Inserted<Q> = "onConflict" extends keyof Q
  ? Q extends { readonly onConflict: object }
    ? { inserted: number }
    : { inserted?: number }
  : unknown;

/** The versions of which the rows to change must have one; `"*"` for any. */
export type Version = number | readonly number[] | "*";

/** What guards a change beside its filter. */
export interface Guards {
  /** The change is made only where each row that the filter names has one of these versions. */
  readonly ifVersion?: Version;
}

/** The flags that say whose rows a question is about. */
export type Scope = Exclude<keyof Flags, "countTotal">;

/** The methods a client calls, which are those that rules are written for: HEAD and QUERY go by the rules of GET. */
export type Method = Exclude<AnyMethod, "HEAD" | "QUERY" | "OPTIONS">;

/** The methods that change rows which exist. */
export type ChangeMethod = Method & MethodWith<"update" | "delete">;

/** The methods that write what a body holds. */
export type BodyMethod = Method & MethodWith<"insert" | "update">;
