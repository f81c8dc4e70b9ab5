import { Gone, HttpError, type Issue, QueryError } from "../error.ts";
import type { Under } from "../execute/execute.ts";

/** Where a part of a write stands in the body of the whole. */
export interface Place {
  /** The part itself. */
  readonly at: string;
  /** The filter that says which of its rows are meant. */
  readonly where: string;
  /** The rows that it writes. */
  readonly body: string;
}

/** The place of a part of which all stands together. */
export const together = (at: string): Place => ({ at, where: at, body: at });

const SELECT = "select";
const WHERE = `${SELECT}.where`;

/** Refusals that are in their places, and may pass those of what they are part of. */
const done = new WeakSet<HttpError>();

function kept(refusal: HttpError): HttpError {
  done.add(refusal);
  return refusal;
}

/** Puts a refusal of a part where the client wrote what it is about. */
export function placed({ at, where, body }: Place): Under {
  const place = (path: string | undefined): string => {
    if (path === undefined || path === "" || path === SELECT) return at;
    if (path === WHERE || path.startsWith(`${WHERE}.`)) return where + path.slice(WHERE.length);
    return path.startsWith(`${SELECT}.`) ? at : `${body}.${path}`;
  };
  return (error) => {
    if (!(error instanceof HttpError) || error instanceof Gone || done.has(error)) return error;
    if (!(error instanceof QueryError))
      return kept(new HttpError(error.message, error.status, place(error.path)));
    const { code, message, path, hint, headers, allow, cause, told } = error;
    const issues = error.issues?.map((issue): Issue => ({ ...issue, path: place(issue.path) }));
    const details = { path: place(path), hint, issues, headers, allow, cause, told };
    return kept(new QueryError(code, message, details));
  };
}

/** Does something for a part of a write, and puts what refuses it in its place. */
export async function placing<T>(place: Place | undefined, work: () => T | Promise<T>): Promise<T> {
  if (place === undefined) return work();
  try {
    return await work();
  } catch (error) {
    throw placed(place)(error);
  }
}
