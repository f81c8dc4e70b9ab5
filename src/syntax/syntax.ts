/** What a database's SQL writes for the values of columns, and what is made of them when they come back. */

export { CUT, RECORD, UNIT } from "./contract.ts";
export type { Bound, Cut, Flat, Member, MemberName, PlaceReader, RowsWriter, Syntax } from "./contract.ts";
export { flatOf, syntaxOf } from "./databases.ts";
export { bucketSQL, figureSQL } from "./figure.ts";
export { flatColumn, flatMade, rowsWriter, Unsayable } from "./flat.ts";
export { oneOfSame } from "./same.ts";
export { exceeds, namesSize, saysLarge } from "./size.ts";
export {
  boundAgain,
  columnAsText,
  columnValue,
  extraAsText,
  maskedAsText,
  selectedValue,
  valueAsText,
} from "./transport.ts";
export { extraReceived, isCustom, nameOf, readCell, type Unreadable, wantsMapping } from "./value.ts";
