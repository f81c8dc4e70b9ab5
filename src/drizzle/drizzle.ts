/** The room that opens Drizzle: nobody else looks at its symbols, its pieces of SQL or its private members. */

export { AFTER, BEFORE, changedBy } from "./change.ts";
export { comparedIn, equalitiesIn } from "./comparisons.ts";
export { configOf, type IndexConfig, type TableConfig } from "./config.ts";
export { type Decoder, decoderOf, decoderOfField, isMapped } from "./decoder.ts";
export { isBindable, type Lifted, takeApart } from "./lift.ts";
export { callsOthers, type Label, type Mention, MentioningText } from "./mentions.ts";
export { isCondition, withoutMissing } from "./missing.ts";
export {
  MARK,
  nameIn,
  nameOf,
  nameOfView,
  originalNameOf,
  type Names,
  namesOf,
  namesWith,
  qualified,
  type QualifiedName,
  queryOfView,
  quoted,
  textOf,
} from "./names.ts";
export { someText, speaksOnlyOf } from "./only-of.ts";
export { outlineOf } from "./outline.ts";
export {
  type Naming,
  namesOfSchema,
  numbersForNames,
  relationalQuery,
  type Renaming,
} from "./relation-names.ts";
export { type RelationalTable, tablesOf } from "./relations.ts";
export { type Source, sourcesOf } from "./sources.ts";
export { ASKED_OF_VALUES, isWrapper, sealed, textsOf } from "./sql.ts";
export { tokensOf } from "./tokens.ts";
export { columnLike, fieldsOf, tableLike, tableNamed } from "./view.ts";
