export type { ChangeAnswer, ListAnswer, RowAnswer, RowOf } from "./answer.ts";
export type { ApiClient } from "./api.ts";
export type { PatchBody, PostBody } from "./body.ts";
export { createQueryBuilder, type QueryBuilder } from "./builder.ts";
export {
  createQueryClient,
  type ClientOptions,
  type QueryClient,
  type RequestOptions,
  type ResourceUrl,
} from "./client.ts";
export { ClientError, type ClientCode } from "./error.ts";
export type { ChangeQuestion, PostQuestion, ReadQuestion } from "./question.ts";
export type { Field, FirstAnswer, ManyAnswer, Row, WriteAnswer } from "./row.ts";
export type { Resource } from "./rules.ts";
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
