import type { Matrix } from "../../../matrix/matrix.ts";
import { type Answer, type CallOptions, own } from "./call.ts";
import type { Place } from "./request.ts";

/** What `$matrix` answers: who may do what. */
export type { Matrix, MatrixNode, MatrixRows, MatrixRule } from "../../../matrix/matrix.ts";

/** Asks who may do what. */
export const askMatrix = (place: Place, options: CallOptions = {}): Promise<Answer> =>
  own("$matrix", place, options);

/** An answer of `$matrix`, where it is one. */
export const matrixIn = ({ status, body }: Answer): Matrix | undefined =>
  // The route's own answer of its own page.
  status === 200 ? (body as Matrix) : undefined;

/** A rule that answers a caller. */
export interface MatrixCell {
  /** The role it is written for. */
  readonly role: string;
  readonly scopes: string;
  /** Where it stands in the file. */
  readonly path: string;
}

/** A row of the table: a resource and a method, and the rules of each caller. */
export interface MatrixLine {
  readonly resource: string;
  readonly method: string;
  readonly cells: Readonly<Record<string, readonly MatrixCell[]>>;
}

/** The table: a row for each resource and method that anybody may use. */
export function linesOf({ callers }: Matrix): readonly MatrixLine[] {
  const lines = new Map<string, { resource: string; method: string; cells: Record<string, MatrixCell[]> }>();
  for (const [caller, resources] of Object.entries(callers))
    for (const [resource, methods] of Object.entries(resources))
      for (const [method, answering] of Object.entries(methods)) {
        const key = JSON.stringify([resource, method]);
        const line = lines.get(key) ?? { resource, method, cells: {} };
        lines.set(key, line);
        line.cells[caller] = Object.entries(answering).map(([role, scopes]) => ({
          role,
          scopes,
          path: `acl.${resource}.control.${method}.${role}`,
        }));
      }
  return [...lines.values()].toSorted((a, b) =>
    a.resource < b.resource ? -1 : a.resource > b.resource ? 1 : 0,
  );
}
