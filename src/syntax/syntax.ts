/** What a database's SQL writes for the values of columns, and what is made of them when they come back. */

export type { Bound, Member, Syntax } from "./contract.ts";
export { syntaxOf } from "./databases.ts";
export { flatColumn, flatExtra, flatMade, type RowsWriter, rowsWriter, Unsayable } from "./flat.ts";
export { exceeds, namesSize, saysLarge } from "./size.ts";
export { columnAsText, columnValue, extraAsText } from "./transport.ts";
export { extraReceived, isCustom, nameOf, readCell, type Unreadable, wantsMapping } from "./value.ts";
