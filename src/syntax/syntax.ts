/** What a database's SQL writes for the values of columns, and what is made of them when they come back. */

export type { Member, Syntax } from "./contract.ts";
export { syntaxOf } from "./databases.ts";
export { flatColumn, flatExtra, flatMade, type RowsWriter, rowsWriter, Unsayable } from "./flat.ts";
export { columnAsText, columnValue, extraAsText } from "./transport.ts";
export { extraReceived, isCustom, nameOf, readCell, type Unreadable, wantsMapping } from "./value.ts";
