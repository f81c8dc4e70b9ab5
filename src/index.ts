export { serializeWrites, type SerializeOptions } from "./dialect/dialect.ts";
export { type ErrorCode, HttpError, type Issue, QueryError } from "./error.ts";
export type { CorsOptions } from "./http/cors.ts";
export {
  createQueryHandler,
  createQueryRoute,
  type QueryHandler,
  type QueryRoute,
  type QueryRouteOptions,
} from "./http/route.ts";
export type { InferApi } from "./infer.ts";
export type { Observation, Observer } from "./observe.ts";
export type {
  ACL,
  AclEntry,
  FormatContext,
  FormatResult,
  ForbidQuery,
  LimitOptions,
  QueryContext,
  QueryResult,
  RequestContext,
  ResultContext,
  RowFilter,
} from "./policy/policy.ts";
