export { admit, type Rows } from "./admit.ts";
export { type Body, finishRows, readBodyRows, type Row } from "./body.ts";
