import { METHOD_OF } from "../../request/method.ts";
import { setMethod } from "./model/edit.ts";
import type { Asked, Method, Plain } from "./model/request.ts";

/** A row of an answer, by its key. */
export interface RowBy {
  /** The question that was answered. */
  readonly question: Asked;
  readonly by: Plain;
  /** The parameters that the resource declares. */
  readonly declared: readonly string[];
}

/** A change of one row of an answer. */
export const changeOf = (row: RowBy, body: Plain): Asked => ({ ...ofRow(row, METHOD_OF.update), body });

/** The removal of one row of an answer. */
export const removalOf = (row: RowBy): Asked => ofRow(row, METHOD_OF.delete);

/** A write of that row alone, by the same caller in the same scope. */
function ofRow({ question, by, declared }: RowBy, method: Method): Asked {
  const { resource, scope, parameters } = question;
  const { countTotal: _, ...kept } = parameters;
  const asked = {
    resource,
    method,
    ...(scope !== undefined && { scope }),
    parameters: kept,
    select: { where: by },
  };
  return setMethod(asked, method, declared);
}
