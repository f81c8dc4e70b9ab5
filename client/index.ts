export type { AnyApi, ColumnsOf, RelationsOf, SchemaShape, TableName, TargetOf } from "../src/infer.ts";
export { createQueryClient } from "./client.ts";
export { ClientError, type ClientCode, type ClientErrorDetails } from "./error.ts";
export type { ErrorCode, Issue } from "../src/error.ts";
export type { BodyMethod, ChangeMethod, ClientOptions, Flags, Method, RequestOptions } from "./options.ts";
export type {
  AnyInner,
  Conditions,
  Filter,
  FilterAt,
  OneOf,
  OpenFilter,
  OpenWithin,
  Within,
  WithinAt,
} from "./column/filter.ts";
export type { OperatorName } from "./column/operator.ts";
export type { Direction, Ordering } from "./column/ordering.ts";
export type { Field, Value } from "./column/value.ts";

export type { ChangeAnswer, ListAnswer, RowAnswer, RowOf } from "./api/answer.ts";
export type { AskedBody, BodyDraft, PatchBody, PostBody } from "./api/body.ts";
export type { Callable, Changeable, Readable } from "./api/callable.ts";
export type { Checked, CheckedChange } from "./api/checked.ts";
export type { ApiClient, Asked, Question, ResourceName, Seen } from "./api/client.ts";
export type {
  ChangeDraft,
  Draft,
  ListDraft,
  Members,
  Open,
  PostDraft,
  ReadDraft,
  RelationDraft,
  RowDraft,
  Unasked,
  Written,
} from "./api/draft.ts";
export type {
  ChangeQuestion,
  FilterOf,
  ListParts,
  PostQuestion,
  ReadQuestion,
  RelationParts,
  RowParts,
  WithinOf,
} from "./api/question.ts";
export type { Nameable, Visible } from "./api/columns.ts";
export type { Embeddable, RelationAt, RelationRules } from "./api/relations.ts";
export type { Resource } from "./api/resource.ts";

export type { FirstAnswer, ManyAnswer, WriteAnswer } from "./schema/answer.ts";
export { createQueryBuilder, type QueryBuilder } from "./schema/builder.ts";
export type { Get, QueryClient, ResourceUrl } from "./schema/client.ts";
export type { Row } from "./schema/row.ts";
export type {
  Body,
  ChangeOptions,
  ChangeSelector,
  Embedding,
  GetOptions,
  PostOptions,
  Projection,
  ReadOptions,
  RelationSelector,
  Selector,
  Shape,
} from "./schema/selector.ts";
