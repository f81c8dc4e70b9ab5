export {
  type Catalog,
  mistypes,
  namesOfViews,
  readCatalog,
  type RelationInfo,
  type TableInfo,
  type ViewTypes,
} from "./catalog.ts";
export { typeName } from "./cast.ts";
export { coerce, readField } from "./coerce.ts";
export type { ColumnInfo } from "./column.ts";
export { Gap } from "./gap.ts";
export { type Index, indexesOf, isIndexed } from "./indexed.ts";
export { isStorable } from "./json.ts";
export type { DatabaseKind } from "./kind.ts";
export { readLongNumbers } from "./long-number.ts";
export { rowNumbersOf } from "./row-number.ts";
