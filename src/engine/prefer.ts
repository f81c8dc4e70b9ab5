import { type Context, setDryRun } from "../author/author.ts";
import { limitExceeded, noDryRun, tooFewAffected } from "../error.ts";
import type { Policy } from "../policy/policy.ts";
import { askedAs, type Preferences, type QueryRequest, traitsOf } from "../request/request.ts";
import type { Call } from "./call.ts";
import type { Ready } from "./write.ts";

/** Whether a write is only tried out. */
export const isTried = ({ request: { prefer } }: Call<unknown>): boolean => prefer?.rollback === true;

/** Says to all functions of a write that it is only tried out, where its client prefers that. */
export function tellDryRun(call: Call<unknown>): void {
  if (isTried(call)) setDryRun(call.principal.context);
}

/**
 * Refuses to try out what its rule lets nobody try out; each part of a bigger write has its own.
 *
 * @throws QueryError `invalid-value`.
 */
export function refuseDryRun({ dryRun }: Pick<Policy, "dryRun">, context: Context): void {
  if (context.dryRun === true && !dryRun) throw noDryRun();
}

/** A request among several of a client, who bounds the rows of all of them together. */
export const askedAlone = (request: QueryRequest, { request: { prefer } }: Call<unknown>): QueryRequest =>
  prefer?.minimal === true && traitsOf(request.method).writes
    ? askedAs(request, { prefer: { rollback: false, minimal: true } })
    : request;

/**
 * Refuses a write of another number of rows than its client wants.
 *
 * @throws QueryError `limit-exceeded` or `not-found`.
 */
export function refuseAffected(
  prefer: Pick<Preferences, "most" | "least"> | undefined,
  affected: number,
): void {
  const { most = Number.POSITIVE_INFINITY, least = 0 } = prefer ?? {};
  if (affected > most) throw limitExceeded(`${affected} rows exceed ${most}`, "Prefer");
  if (affected < least) throw tooFewAffected(least);
}

/** A write as its client prefers it: all of one that is tried out is done, answered and taken back. */
export function preferring<Answer>(ready: Ready<Answer>, call: Call<unknown>): Ready<Answer> {
  if (!isTried(call)) return ready;
  const { run, settle } = ready;
  return { mode: "write", run: async (inside) => inside.undo(await run(inside)), settle };
}
