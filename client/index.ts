export type { AnyApi, ColumnsOf, RelationsOf, SchemaShape, TableName, TargetOf } from "../src/infer.ts";
export { createQueryClient } from "./client.ts";
export { ClientError, type ClientCode, type ClientErrorDetails } from "./error.ts";
export type { ErrorCode, Issue } from "../src/error.ts";
export type {
  BodyMethod,
  ChangeMethod,
  ClientOptions,
  Flags,
  Guards,
  Inserted,
  LiveExtension,
  Method,
  NumberFlags,
  OnConflict,
  PageFlags,
  Parameters,
  ReadFlags,
  RequestOptions,
  Turn,
  Version,
  WriteInit,
} from "./options.ts";
export type {
  AnyInner,
  Conditions,
  ConditionsOn,
  Filter,
  FilterAt,
  FilterOn,
  OneOf,
  OpenFilter,
  OpenWithin,
  Within,
  WithinAt,
  WithinOn,
} from "./column/filter.ts";
export type { Answered, BatchBuilder, Operation, RowIn } from "./api/batch.ts";
export type {
  ChangedJoins,
  ChangedList,
  ChangedOne,
  FilterIn,
  HasNests,
  NewJoins,
  NewList,
  NewOne,
  NewRow,
  Wished,
} from "./api/nested.ts";
export type { Bucket, ColumnsFor, FigureAt, FunctionName } from "./column/function.ts";
export type { TableGround } from "./column/ground.ts";
export type { CountOperands, OpenCount } from "./column/related.ts";
export type { OperatorName } from "./column/operator.ts";
export type { Direction, Ordering, OrderingBy, Sort } from "./column/ordering.ts";
export type { Field, Increment, Value } from "./column/value.ts";

export type { AggregateDraft, AggregateQuestion, Figures, GroupDraft, GroupParts } from "./api/aggregate.ts";
export type { ChangeAnswer, ListAnswer, Page, RowAnswer, RowOf } from "./api/answer.ts";
export type { AskedBody, BodyDraft, PatchBody, PostBody } from "./api/body.ts";
export type { Askable, Callable, Changeable, Readable } from "./api/callable.ts";
export type { Checked, CheckedChange, CheckedFirst, CheckedPages, CheckedRead } from "./api/checked.ts";
export type { CheckedAggregate, Computing } from "./api/checked-aggregate.ts";
export type { AggregateAnswer } from "./api/computed.ts";
export type { FigureGround, FigureName, FigureOf, FunctionsOf } from "./api/figure.ts";
export type { GroupPath } from "./api/group.ts";
export type { ApiClient, Asked, Question, ResourceName, Seen } from "./api/client.ts";
export type {
  AliasDraft,
  ChangeDraft,
  CountDraft,
  Draft,
  FirstDraft,
  ListDraft,
  Members,
  Open,
  PostDraft,
  ReadDraft,
  RelationDraft,
  RowDraft,
  Unasked,
  Wish,
  Written,
} from "./api/draft.ts";
export type {
  ChangeQuestion,
  FilterOf,
  GroundOf,
  ListParts,
  Needed,
  PostQuestion,
  ReadQuestion,
  RelationParts,
  Relevance,
  RowParts,
  WithinOf,
} from "./api/question.ts";
export type { GroundAt, RuleGround } from "./api/ground.ts";
export type { Filterable, Nameable, Visible } from "./api/columns.ts";
export type { ParamsOf } from "./api/parameters.ts";
export type { Countable, Embeddable, RelationAt, RelationRules, Searches } from "./api/relations.ts";
export type { Resource } from "./api/resource.ts";

export type {
  AggregateOptions,
  Aggregation,
  AllFigures,
  ColumnFigures,
  FigureColumns,
  GroupKey,
  NumberAnswer,
} from "./schema/aggregate.ts";
export type { FirstAnswer, ManyAnswer, WriteAnswer } from "./schema/answer.ts";
export { createQueryBuilder, type QueryBuilder } from "./schema/builder.ts";
export type { Get, QueryClient, ResourceUrl } from "./schema/client.ts";
export type { Row } from "./schema/row.ts";
export type {
  Body,
  ChangeOptions,
  ChangeSelector,
  Counting,
  Embedding,
  GetOptions,
  GuardedOptions,
  ManyOptions,
  PageSelector,
  PostOptions,
  Projection,
  ReadOptions,
  RelationSelector,
  Selector,
  Shape,
} from "./schema/selector.ts";
