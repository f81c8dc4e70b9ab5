export { type Admission, Admitted, type AdmittedParent, plain } from "./admitted.ts";
export type { Rows } from "./admit.ts";
export { admitChange, asksOfChange, type ChangeRows } from "./change.ts";
export { askExtras } from "./extras.ts";
export { admitAll, admitChanges, admitCheck, admitEnsure, Operation } from "./operation.ts";
export {
  type Context,
  addKnown,
  contextFor,
  createContext,
  type Hears,
  removeTransaction,
  setBody,
  setDryRun,
  setFindFirst,
  setHears,
  setParams,
  setResult,
  setRole,
  setRoles,
  setTransaction,
  setWritten,
} from "./context.ts";
export {
  type ApplyPatch,
  type PatchFormat,
  type PatchOperation,
  readRevision,
  type Revision,
} from "./patch.ts";
export { judge } from "./judge.ts";
export { type Params, readParams } from "./params.ts";
export { type Body, finishRows, isRow, readBodyRows, type Row } from "./body.ts";
export { isLike, likenessOf, type MetChange, partsForMet, readMetChange, requireKeys } from "./met.ts";
export { type Said, sayer } from "./said.ts";
export { spelled } from "./spelled.ts";
export { hasSet, makeSet, type SetRow } from "./set.ts";
