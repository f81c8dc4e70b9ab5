import { METHOD_OF } from "../../request/method.ts";
import { setMethod } from "./model/edit.ts";
import type { Asked, Method, Plain } from "./model/request.ts";
import { isVersion } from "./model/versions.ts";

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

/** The same row, read anew: with the columns that it has in the answer. */
export function readingOf(row: RowBy): Asked {
  const asked = ofRow(row, METHOD_OF.read);
  const columns = row.question.select?.["columns"];
  return columns === undefined ? asked : { ...asked, select: { ...asked.select, columns } };
}

/** A write of a row, for the version of it that is seen, where its rule looks at versions. */
export function guarded(asked: Asked, column: string | undefined, row: Plain): Asked {
  const version = column === undefined ? undefined : row[column];
  return isVersion(version) ? { ...asked, ifVersion: [version] } : asked;
}

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
