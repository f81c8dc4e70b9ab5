/** The room that opens Drizzle: nobody else looks at its symbols, its pieces of SQL or its private members. */

export { type Decoder, decoderOf, isMapped } from "./decoder.ts";
export { isBindable, type Lifted, takeApart } from "./lift.ts";
export { MARK, nameOf, type Names, namesOf, textOf } from "./names.ts";
export { type Naming, namesOfSchema, numbersForNames, type RelationalQuery } from "./relations.ts";
export { someText, speaksOnlyOf } from "./speaks.ts";
