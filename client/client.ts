import type { AnyApi } from "../src/infer.ts";
import type { ApiClient } from "./api.ts";
import { changeParams, readParams } from "./builder.ts";
import { refused, unanswered, unreadable } from "./error.ts";
import type { FirstAnswer, ManyAnswer, WriteAnswer } from "./row.ts";
import type {
  Body,
  ChangeOptions,
  Flags,
  GetOptions,
  PostOptions,
  ReadOptions,
  SchemaShape,
  TableName,
} from "./selector.ts";
import { locate } from "./url.ts";
import { wire } from "./wire.ts";

/** What goes to `fetch` with a request: `signal`, `headers`, `credentials` and their like. */
export type RequestOptions = Omit<RequestInit, "method" | "body">;

/** What goes to `fetch` with every request of a client, and what stands in for `fetch`. */
export interface ClientOptions extends RequestOptions {
  /** Sends a request; by default the platform's own `fetch`. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** The path before the name of a resource, for calls by name; by default `/query`. */
  readonly path?: string | undefined;
}

/** A URL of resource `R` below `Path`: relative or absolute, with parameters and a hash if need be. */
export type ResourceUrl<Path extends string, R extends string> =
  | URL
  | `${"" | `${string}://${string}`}${Path}/${R}${"" | `?${string}` | `#${string}`}`;

/**
 * The methods of a client. Each names the table `T` whose columns are meant and the resource `R` in the URL, under which
 * the rows are answered. TypeScript infers no type parameters where some are given, so the answer does not know the question:
 * its columns and relations are optional. With the question's type as third parameter it does.
 *
 * @example
 * const question = { select: { columns: { name: true } } } satisfies GetOptions<Schema, "basket">;
 * const { baskets } = await client.Get<"basket", "baskets", typeof question>("/query/baskets", question);
 * baskets[0]?.name; // string
 */
export interface QueryClient<S extends SchemaShape, Path extends string> {
  /** Reads rows: a list, or with `findFirst` one row or null. */
  Get: Get<S, Path>;
  /** Reads one row, or null. */
  GetFirst<T extends TableName<S>, R extends string, O extends ReadOptions<S, T> = ReadOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options?: O,
    init?: RequestOptions,
  ): Promise<FirstAnswer<S, T, R, O>>;
  /** Reads a list of rows. */
  GetMany<T extends TableName<S>, R extends string, O extends ReadOptions<S, T> = ReadOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options?: O,
    init?: RequestOptions,
  ): Promise<ManyAnswer<S, T, R, O>>;
  /** Creates a row, or several. */
  Post<T extends TableName<S>, R extends string, O extends PostOptions<S, T> = PostOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    body: Body<S, T> | readonly Body<S, T>[],
    options?: O,
    init?: RequestOptions,
  ): Promise<WriteAnswer<S, T, R, O>>;
  /** Changes the rows a filter names, or all the rule admits. */
  Patch<T extends TableName<S>, R extends string, O extends ChangeOptions<S, T> = ChangeOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    body: Body<S, T>,
    options?: O,
    init?: RequestOptions,
  ): Promise<WriteAnswer<S, T, R, O>>;
  /** Deletes the rows a filter names, or all the rule admits. */
  Delete<T extends TableName<S>, R extends string, O extends ChangeOptions<S, T> = ChangeOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options?: O,
    init?: RequestOptions,
  ): Promise<WriteAnswer<S, T, R, O>>;
}

/** Reads rows; the answer follows `findFirst`. */
export interface Get<S extends SchemaShape, Path extends string> {
  <T extends TableName<S>, R extends string, O extends GetOptions<S, T> = GetOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options: O & { readonly findFirst: true },
    init?: RequestOptions,
  ): Promise<FirstAnswer<S, T, R, O>>;
  <T extends TableName<S>, R extends string, O extends GetOptions<S, T> = GetOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options?: O & { readonly findFirst?: false | undefined },
    init?: RequestOptions,
  ): Promise<ManyAnswer<S, T, R, O>>;
  <T extends TableName<S>, R extends string, O extends GetOptions<S, T> = GetOptions<S, T>>(
    url: ResourceUrl<Path, R>,
    options: O & { readonly findFirst?: boolean | undefined },
    init?: RequestOptions,
  ): Promise<FirstAnswer<S, T, R, O> | ManyAnswer<S, T, R, O>>;
}

/**
 * Gives a client for the resources of a server, typed by what the server exports of its rules. Answers follow the question.
 * The base is the page's origin by default, the path before the resource's name `/query`.
 *
 * @example
 * const api = createQueryClient<Api>("http://localhost:4000");
 * const { baskets } = await api.get("baskets", { columns: { name: true }, with: { fruit: { columns: { name: true } } } });
 * baskets[0]?.fruit[0]?.name; // string | undefined
 */
export function createQueryClient<Api extends AnyApi>(
  baseUrl?: string | URL,
  options?: ClientOptions,
): ApiClient<Api>;
/**
 * Gives a client for the resources of a server, typed by its Drizzle schema alone: `import type` is all it needs of it.
 *
 * @example
 * const client = createQueryClient<Schema, Database>("http://localhost:4000");
 * const { baskets } = await client.Get<"basket", "baskets">("/query/baskets", { select: { with: { fruit: true } } });
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- a call names the database beside its schema
export function createQueryClient<Schema extends SchemaShape, _Database, Path extends string = "/query">(
  baseUrl?: string | URL,
  options?: ClientOptions,
): QueryClient<Schema, Path>;
export function createQueryClient(baseUrl?: string | URL, options: ClientOptions = {}): unknown {
  const { fetch: custom, path = "/query", ...shared } = options;
  const base = baseUrl === undefined ? undefined : String(baseUrl);

  const send: Send = async (method, url, params, init, body) => {
    const target = locate(url, base, params);
    return answer(custom ?? fetch, target, {
      ...shared,
      ...init,
      method,
      headers: headersOf(shared.headers, init?.headers, body),
      body: body === undefined ? null : JSON.stringify(wire(body, "")),
    });
  };
  // Everything is done inside an async function, so that every failure is a rejection.
  const methods: Methods = {
    Get: async (url, question, init) => send("GET", url, readParams(question), init),
    GetFirst: async (url, question, init) =>
      send("GET", url, readParams({ ...question, findFirst: true }), init),
    GetMany: async (url, question, init) =>
      send("GET", url, readParams({ ...question, findFirst: false }), init),
    Post: async (url, body, question, init) => send("POST", url, readParams(question), init, body),
    Patch: async (url, body, question, init) => send("PATCH", url, changeParams(question), init, body),
    Delete: async (url, question, init) => send("DELETE", url, changeParams(question), init),
  };
  const { Get, GetFirst, Post, Patch, Delete } = methods;
  const at = (resource: string): string => `${path}/${encodeURIComponent(resource)}`;
  // The server answers what the types say; nothing checks it here.
  return {
    ...methods,
    get: async (resource, question, init) => Get(at(resource), nested(question), init),
    first: async (resource, question, init) => GetFirst(at(resource), nested(question), init),
    post: async (resource, body, question, init) => Post(at(resource), body, nested(question), init),
    patch: async (resource, body, question, init) => Patch(at(resource), body, nested(question), init),
    delete: async (resource, question, init) => Delete(at(resource), nested(question), init),
  } satisfies Methods & Calls;
}

/** A question whose flags stand beside the parts of its selector, as the URL has it. */
function nested(question: FlatQuestion = {}): Params {
  const { mine, guest, "mine|guest": either, countTotal, ...select } = question;
  return { mine, guest, "mine|guest": either, countTotal, ...(Object.keys(select).length > 0 && { select }) };
}

type FlatQuestion = Flags & Readonly<Record<string, unknown>>;
type Calls = Readonly<
  Record<
    "get" | "first" | "delete",
    (resource: string, question?: FlatQuestion, init?: RequestOptions) => Promise<unknown>
  > &
    Record<
      "post" | "patch",
      (resource: string, body: unknown, question?: FlatQuestion, init?: RequestOptions) => Promise<unknown>
    >
>;
type Params = NonNullable<Parameters<typeof readParams>[0]>;
type Read = (url: string | URL, question?: Params, init?: RequestOptions) => Promise<unknown>;
type Write = (url: string | URL, body: unknown, question?: Params, init?: RequestOptions) => Promise<unknown>;
type Methods = Readonly<
  Record<"Get" | "GetFirst" | "GetMany" | "Delete", Read> & Record<"Post" | "Patch", Write>
>;
type Send = (
  method: string,
  url: string | URL,
  params: URLSearchParams,
  init?: RequestOptions,
  body?: unknown,
) => Promise<unknown>;

/** The headers of a request: the client's, then the call's own, then what a JSON body needs. */
function headersOf(shared: HeadersInit | undefined, own: HeadersInit | undefined, body: unknown): Headers {
  const headers = new Headers({ accept: "application/json" });
  for (const source of [shared, own]) new Headers(source).forEach((value, name) => headers.set(name, value));
  if (body !== undefined) headers.set("content-type", "application/json");
  return headers;
}

async function answer(
  send: NonNullable<ClientOptions["fetch"]>,
  url: string,
  request: RequestInit,
): Promise<unknown> {
  let response: Response, text: string;
  try {
    response = await send(url, request);
    text = await response.text();
  } catch (cause) {
    throw unanswered(cause, request.signal);
  }
  const body = parse(text, response);
  if (!response.ok) throw refused(response, body);
  return body;
}

function parse(text: string, response: Response): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw unreadable(response, cause);
  }
}
