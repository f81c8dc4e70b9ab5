export type { ChangeAnswer, ListAnswer, RowAnswer, RowOf } from "./answer.ts";
export type { ApiClient, Asked, Question, ResourceName, Seen } from "./api.ts";
export type { AskedBody, BodyDraft, PatchBody, PostBody } from "./body.ts";
export { createQueryBuilder, type QueryBuilder } from "./builder.ts";
export {
  createQueryClient,
  type ClientOptions,
  type Get,
  type QueryClient,
  type RequestOptions,
  type ResourceUrl,
} from "./client.ts";
export { ClientError, type ClientCode } from "./error.ts";
export type {
  Callable,
  Changeable,
  ChangeDraft,
  ChangeQuestion,
  Checked,
  CheckedChange,
  Draft,
  FilterOf,
  PostDraft,
  PostQuestion,
  Readable,
  ReadDraft,
  ReadQuestion,
} from "./question.ts";
export type { Field, FirstAnswer, ManyAnswer, Row, WriteAnswer } from "./row.ts";
export type { Method, Resource } from "./rules.ts";
export type {
  Body,
  ChangeOptions,
  ChangeSelector,
  ColumnsOf,
  Conditions,
  Direction,
  Embedding,
  Filter,
  FilterAt,
  Flags,
  GetOptions,
  OperatorName,
  Ordering,
  PostOptions,
  Projection,
  ReadOptions,
  RelationsOf,
  SchemaShape,
  Selector,
  Shape,
  TableName,
  TargetOf,
  Value,
} from "./selector.ts";
export type { AnyApi } from "../src/infer.ts";
