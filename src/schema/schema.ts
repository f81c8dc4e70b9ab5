export {
  type Catalog,
  mistypes,
  namesOfViews,
  readCatalog,
  type RelationInfo,
  type TableInfo,
  type ViewTypes,
} from "./catalog.ts";
export { storedAs, typeName } from "./cast.ts";
export { coerce, readField } from "./coerce.ts";
export type { ColumnInfo } from "./column.ts";
export { countColumn } from "./count-column.ts";
export { bucketColumn, figureColumn } from "./figure-column.ts";
export { Gap } from "./gap.ts";
export { fractionOf, Increment, isIncrement, isNumber, numberType, readIncrement } from "./increment.ts";
export { areApart, type Held, heldBy, marksOf } from "./held.ts";
export { type Index, indexesOf, isIndexed } from "./indexed.ts";
export { isStorable } from "./json.ts";
export { readScalar, scalarColumn, type ScalarType } from "./json-value.ts";
export type { ColumnKind, DatabaseKind } from "./kind.ts";
export { readLongNumbers } from "./long-number.ts";
export { holdsMoments, presentMoment } from "./now.ts";
export { type Effect, Lineage, type Tables } from "./lineage.ts";
export { rowNumbersOf } from "./row-number.ts";
export { textFacts } from "./text.ts";
export { wireValue } from "./wire.ts";
export { readZone, UTC, type Zone } from "./zone.ts";
