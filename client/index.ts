export { createQueryBuilder, type QueryBuilder } from "./builder.ts";
export {
  createQueryClient,
  type ClientOptions,
  type QueryClient,
  type RequestOptions,
  type ResourceUrl,
} from "./client.ts";
export { ClientError, type ClientCode } from "./error.ts";
export type { Field, FirstAnswer, ManyAnswer, Row, WriteAnswer } from "./row.ts";
export type {
  Body,
  ChangeOptions,
  Conditions,
  Filter,
  GetOptions,
  OperatorName,
  Ordering,
  PostOptions,
  Projection,
  ReadOptions,
  Selector,
  TableName,
  Value,
} from "./selector.ts";
