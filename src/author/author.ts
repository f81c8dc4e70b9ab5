export { Admitted } from "./admitted.ts";
export { admit, admitAll, admitCheck, admitEnsure, type Rows } from "./admit.ts";
export {
  type Context,
  createContext,
  removeTransaction,
  setBody,
  setFindFirst,
  setResult,
  setRole,
  setTransaction,
} from "./context.ts";
export { type Body, finishRows, readBodyRows, type Row } from "./body.ts";
