import type { QueryResult, ResultContext } from "../policy/acl.ts";

/**
 * The one object that all functions of an author are handed, as far as its request has come; whatever else is on it is
 * the author's. This module alone writes it.
 */
export type Context = Readonly<Partial<ResultContext>>;

type Draft = { -readonly [Member in keyof Context]: Context[Member] };

/** The context of a request, before anybody knows who asks. */
export const createContext = (request: Request, method: string, resourceId: string): Context => ({
  request,
  method,
  resourceId,
  role: undefined,
});

/** Who asks. */
export function setRole(context: Draft, role: string): void {
  context.role = role;
}

/** Whether one row is asked for instead of a list. */
export function setFindFirst(context: Draft, findFirst: boolean): void {
  context.findFirst = findFirst;
}

/** The row, or rows, that will be written; `beforeQuery` may change them. */
export function setBody(context: Draft, body: unknown): void {
  context.body = body;
}

/** The transaction that hooks run in. */
export function setTransaction(context: Draft, tx: unknown): void {
  context.tx = tx;
}

/** No function may use a transaction that has ended. */
export function removeTransaction(context: Draft): void {
  delete context.tx;
}

/** What the database answered. */
export function setResult(context: Draft, result: QueryResult): void {
  context.result = result;
}
