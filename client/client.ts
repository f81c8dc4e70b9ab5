import type { AnyApi, SchemaShape } from "../src/infer.ts";
import { apiCalls } from "./api/calls.ts";
import type { ApiClient } from "./api/client.ts";
import type { LiveClient } from "./api/live.ts";
import type { ClientOptions, LiveExtension } from "./options.ts";
import type { QueryClient } from "./schema/client.ts";
import { schemaCalls } from "./schema/calls.ts";
import { sender } from "./send.ts";

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
  baseUrl: string | URL | undefined,
  options: ClientOptions & { readonly live: LiveExtension },
): LiveClient<Api>;
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
export function createQueryClient(
  baseUrl?: string | URL,
  { path = "/query", live, ...options }: ClientOptions = {},
): unknown {
  const base = baseUrl === undefined ? undefined : String(baseUrl);
  const calls = schemaCalls(sender(base, options));
  // The types say which of the two is seen; the code runs without them.
  return { ...calls, ...apiCalls(calls, path), ...live?.(base, path, options) };
}
