import { METHOD_OF } from "../../request/method.ts";
import { setMethod } from "./model/edit.ts";
import type { Asked, Method, Plain } from "./model/request.ts";

/** A change of one row of an answer, by its key. */
export const changeOf = (question: Asked, by: Plain, body: Plain): Asked => ({
  ...ofRow(question, by, METHOD_OF.update),
  body,
});

/** The removal of one row of an answer, by its key. */
export const removalOf = (question: Asked, by: Plain): Asked => ofRow(question, by, METHOD_OF.delete);

/** A write of that row alone, by the same caller in the same scope. */
function ofRow({ resource, scope, parameters }: Asked, by: Plain, method: Method): Asked {
  const { countTotal: _, ...kept } = parameters;
  const asked = {
    resource,
    method,
    ...(scope !== undefined && { scope }),
    parameters: kept,
    select: { where: by },
  };
  return setMethod(asked, method);
}
