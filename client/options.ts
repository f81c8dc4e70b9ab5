import type { Method as AnyMethod, MethodWith } from "../src/request/method.ts";

/** What goes to `fetch` with a request: `signal`, `headers`, `credentials` and their like. */
export type RequestOptions = Omit<RequestInit, "method" | "body">;

/** What goes to `fetch` with every request of a client, and what stands in for `fetch`. */
export interface ClientOptions extends RequestOptions {
  /** Sends a request; by default the platform's own `fetch`. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** The path before the name of a resource, for calls by name; by default `/query`. */
  readonly path?: string | undefined;
}

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

/** The flags that say whose rows a question is about. */
export type Scope = Exclude<keyof Flags, "countTotal">;

/** The methods a client calls, which are those that rules are written for: HEAD goes by the rules of GET. */
export type Method = Exclude<AnyMethod, "HEAD" | "OPTIONS">;

/** The methods that change rows which exist. */
export type ChangeMethod = Method & MethodWith<"update" | "delete">;

/** The methods that write what a body holds. */
export type BodyMethod = Method & MethodWith<"insert" | "update">;
