export {
  type Database,
  type Dialect,
  type DialectOptions,
  type Door,
  type Lane,
  type LaneAnswer,
  type LaneOptions,
  type LibsqlClient,
  type OpenDialect,
  type Leaving,
  type ResultRows,
  serializeWrites,
  type SerializeOptions,
} from "./dialect/dialect.ts";
export { type ErrorCode, type ErrorDetails, HttpError, type Issue, QueryError } from "./error.ts";
export type { CorsOptions } from "./http/cors.ts";
export {
  createQueryHandler,
  createQueryRoute,
  type QueryHandler,
  type QueryRoute,
  type QueryRouteOptions,
} from "./http/route.ts";
export type { AnyApi, ColumnsOf, InferApi, RelationsOf, SchemaShape, TableName, TargetOf } from "./infer.ts";
export type { Observation, Observer, Room } from "./observe.ts";
export type {
  ACL,
  AclEntry,
  AnyACL,
  AnyEntry,
  AnyRule,
  AuthorFunction,
  Awaitable,
  ChangeGuards,
  ColumnChoice,
  FormatContext,
  FormatResult,
  ForbidQuery,
  LimitOptions,
  MethodOf,
  NoEntry,
  QueryContext,
  QueryResult,
  RelationRule,
  RequestContext,
  ResultContext,
  RowFilter,
  Rule,
  RulesByAction,
  RulesByMethod,
  StandardIssue,
  StandardResult,
  StandardSchema,
  Transaction,
  ValidBody,
  WriteRule,
} from "./policy/policy.ts";
export type { Method } from "./request/request.ts";
