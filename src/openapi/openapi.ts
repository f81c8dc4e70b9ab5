import { type Described, describePolicies, type View, viewOf } from "../access/access.ts";
import {
  type AnyACL,
  type AnyTableRules,
  Binder,
  buildRegistry,
  Declared,
  type LimitOptions,
} from "../policy/policy.ts";
import { EVERY_METHOD } from "../request/request.ts";
import { readCatalog, type TableInfo } from "../schema/schema.ts";
import { Components } from "./components.ts";
import type { OpenAPIDocument, OperationObject, ServerObject } from "./document.ts";
import { Nodes } from "./node.ts";
import { batchPath } from "./batch.ts";
import { livePath } from "./live.ts";
import { type Ground, operationOf } from "./operation.ts";

export type {
  ExampleObject,
  JSONSchema,
  MediaObject,
  OpenAPIDocument,
  OperationObject,
  ParameterObject,
  QuestionInBody,
  RequestBodyObject,
  ResponseObject,
  ServerObject,
} from "./document.ts";

/** What a document says beside what its caller may do. */
export interface OpenAPIInfo {
  /** What the API is called; `API` by default. */
  readonly title?: string;
  /** Which version of the API it is, not of this package; `1` by default. */
  readonly version?: string;
  /** Where it answers: by default at `/query`, or where the route is. */
  readonly servers?: readonly ServerObject[];
}

/** What a route does beside its rules, which its answers depend on. */
export interface RouteFeatures {
  /** Whether every refusal is a problem of RFC 9457. */
  readonly problems?: boolean;
  /** Whether writes are taken under an `Idempotency-Key`. */
  readonly idempotency?: boolean;
  /** Whether changes are taken as JSON Patch. */
  readonly jsonPatch?: boolean;
  /** Whether a formatter of the route makes all answers. */
  readonly formatted?: boolean;
  /** The most requests of a batch; absent where none are taken. */
  readonly batch?: number;
  /** The most questions of a stream of live answers; absent where none are. */
  readonly live?: number;
}

/** What `openapi` is told. */
export interface OpenAPIOptions extends OpenAPIInfo, RouteFeatures {
  /** The role of who asks, or all of his roles, strongest first; a guest has none. */
  readonly role?: string | readonly string[];
  /** What is true of tables, as the route is told. */
  readonly tables?: AnyTableRules;
  /** The limits of the route, and its formatter. */
  readonly defaults?: LimitOptions & { readonly formatResult?: unknown };
}

/**
 * Writes an OpenAPI 3.1 document of what the callers of a role may do, without a server and without a database.
 *
 * @throws Error that names every mistake of the access-control file.
 * @example
 * writeFileSync("openapi.json", JSON.stringify(openapi(acl, schema, { role: "admin" })));
 */
export function openapi(
  acl: AnyACL,
  schema: Record<string, unknown>,
  options: OpenAPIOptions = {},
): OpenAPIDocument {
  const { role = [], tables, defaults, formatted = defaults?.formatResult !== undefined } = options;
  const roles = typeof role === "string" ? [role] : role;
  const registry = buildRegistry(acl, readCatalog(schema), defaults, tables);
  const binder = new Binder(registry, roles);
  const view = viewOf(registry, new Declared(registry), roles, (policy) => binder.bind(policy));
  return describeOpenAPI(view, { ...options, formatted });
}

/** The same of policies as one caller meets them. */
export function describeOpenAPI(view: View, info: OpenAPIInfo & RouteFeatures): OpenAPIDocument {
  const described = describePolicies(view);
  const { title = "API", version = "1", servers = [{ url: "/query" }] } = info;
  const { problems = false, idempotency = false, jsonPatch = false, formatted = false, batch, live } = info;
  const components = new Components();
  const nodes = new Nodes(described);
  const madeUp = new Map<TableInfo, number>();
  const ground = {
    components,
    nodes,
    madeUp,
    telling: { problems, keys: idempotency, live: live !== undefined },
    jsonPatch,
    formatted,
  };
  const paths = {
    ...Object.fromEntries(pathsOf(described, ground)),
    ...(batch !== undefined && batchPath(Object.keys(described.access.resources), batch, ground)),
    ...(live !== undefined && livePath(live, ground)),
  };
  return {
    openapi: "3.1.0",
    info: { title, version, description: DESCRIPTION },
    servers,
    paths,
    components: components.all,
  };
}

const DESCRIPTION =
  "What one caller may do: other callers have other documents. `select` and `aggregate` are written as RJSON: `(a:1)` is a map, `_(a,b)_` a list, `'a'` a text, `T`, `F` and `N` are true, false and null.";

function* pathsOf(
  { access }: Described,
  ground: Ground,
): Iterable<[string, Readonly<Record<string, OperationObject>>]> {
  for (const resource of Object.keys(access.resources))
    yield [`/${encodeURIComponent(resource)}`, Object.fromEntries(operationsOf(resource, ground))];
}

/** What may be done with a resource, by method; OpenAPI has no word for those that stand for others. */
function* operationsOf(resource: string, ground: Ground): Iterable<[string, OperationObject]> {
  for (const { name, action, standsFor } of EVERY_METHOD) {
    if (standsFor !== undefined) continue;
    const rules = ground.nodes.of(resource, name);
    if (rules.length > 0 || action === "inspect")
      yield [name.toLowerCase(), operationOf(name, resource, rules, ground)];
  }
}
