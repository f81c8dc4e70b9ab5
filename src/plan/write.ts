import type { Policy } from "../policy/policy.ts";
import { type QueryRequest, type Selector, traitsOf } from "../request/request.ts";
import { asksExtras } from "./asked.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { Budget, type Shared } from "./budget.ts";
import { type Meeting, readMeeting } from "./meeting.ts";
import type { ReadNode } from "./plan.ts";
import { isCount, nodePlanner, rootPlace } from "./read.ts";
import { Mentions } from "./mentions.ts";
import type { Search } from "./search.ts";
import type { Mention } from "./secured.ts";
import { readVersions, type Versions } from "./versions.ts";

/** A write, permitted and possible; its rows and the caller come with each request. */
export interface WritePlan {
  readonly kind: "insert" | "update" | "delete";
  readonly policy: Policy;
  /** The client's filter, and what comes back of each row; its order and limit say nothing. */
  readonly answer: ReadNode;
  readonly nodes: readonly ReadNode[];
  /** Every mention of a table, those of the nodes included, by its place; the answer's first. */
  readonly mentions: readonly Mention[];
  readonly total: boolean;
  /** Whether nothing of the rows was asked for. */
  readonly countOnly: boolean;
  /** Whether computed fields of it know the caller, and are asked for with each request. */
  readonly asksExtras: boolean;
  /** What is looked for by indexes of words, in relations of what comes back. */
  readonly searches: readonly Search[];
  /** The column in which a DELETE says when, and leaves the rows; without one it removes them. */
  readonly softDelete: ColumnInfo | undefined;
  /** The most rows it may write, by its rule and by its client's own word, and the fewest it has to. */
  readonly most: number;
  readonly least: number;
  /** The versions that the rows it reaches must have; absent where the client said nothing of them. */
  readonly versions: Versions | undefined;
  /** How new rows meet rows that exist; in the plan of what these become, too. Absent where none are looked for. */
  readonly meeting: Meeting | undefined;
}

/**
 * Joins the client's wishes for a write with the policy it resolved to. `shared` with requests that run together with it.
 *
 * @throws QueryError for every wish that is not permitted or not possible, at the client's path.
 */
export function planWrite(policy: Policy, request: QueryRequest, shared?: Shared): WritePlan {
  const budget = new Budget(policy.limits, shared?.spent);
  const mentions = new Mentions();
  const { nodes } = mentions;
  const answer = nodePlanner(mentions, budget, shared?.refer)(policy, selectorOf(request), {
    ...rootPlace(policy, false),
    written: true,
    met: request.conflict !== undefined,
  });
  // Of rows that are new or met the client bounds both together.
  const bounds = request.conflict === undefined ? request.prefer : undefined;
  const kind = traitsOf(request.method).action as WritePlan["kind"];
  const total = request.total ?? policy.countTotal;
  budget.checkWork(answer, { kind: kind === "insert" ? "make" : "change", total, filtered: false });
  return {
    kind,
    policy,
    answer,
    nodes,
    mentions: mentions.all,
    total,
    countOnly: isCount(answer),
    asksExtras: asksExtras(nodes),
    searches: mentions.searches,
    softDelete: kind === "delete" && policy.deleted === "exclude" ? policy.facts?.softDelete : undefined,
    most: Math.min(policy.maxAffected, bounds?.most ?? Number.POSITIVE_INFINITY),
    least: bounds?.least ?? 0,
    versions: readVersions(request.match, policy, budget),
    meeting: request.conflict && readMeeting(request.conflict, policy, kind),
  };
}

/** What is asked for; a client that prefers to hear little asks for no columns. */
function selectorOf({ selector, prefer }: QueryRequest): Selector {
  if (prefer?.minimal !== true) return selector;
  const { where } = selector;
  return { columns: { kind: "none" }, ...(where !== undefined && { where }) };
}
