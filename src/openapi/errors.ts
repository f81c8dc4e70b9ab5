import { type ErrorCode, STATUS } from "../error.ts";
import type { Action } from "../request/request.ts";
import type { Components } from "./components.ts";
import type { JSONSchema, ResponseObject } from "./document.ts";

/** What any request may be refused for. */
const ALWAYS: readonly ErrorCode[] = [
  "unknown-parameter",
  "invalid-value",
  "unauthenticated",
  "forbidden",
  "internal-error",
  "busy",
  "timeout",
];
const QUESTION: readonly ErrorCode[] = [
  "invalid-syntax",
  "unknown-column",
  "unknown-relation",
  "unknown-operator",
  "capability-forbidden",
  "limit-exceeded",
  "depth-exceeded",
  "too-complex",
  "too-large-answer",
];
const WRITE: readonly ErrorCode[] = ["check-failed", "conflict"];
const BODY: readonly ErrorCode[] = ["invalid-body", "too-large", "unsupported-media-type"];
const CHANGE: readonly ErrorCode[] = ["not-found", "precondition-failed"];

/** The codes that a question may be refused with, by what it does. */
const CODES: Readonly<Record<Action, readonly ErrorCode[]>> = {
  read: [...ALWAYS, ...QUESTION, "invalid-cursor"],
  insert: [...ALWAYS, ...QUESTION, ...WRITE, ...BODY, "not-found"],
  update: [...ALWAYS, ...QUESTION, ...WRITE, ...BODY, ...CHANGE],
  delete: [...ALWAYS, ...QUESTION, ...WRITE, ...CHANGE],
  inspect: ALWAYS,
};

/** How refusals are told, besides by their codes. */
export interface Telling {
  /** Whether all of them are problems of RFC 9457. */
  readonly problems: boolean;
  /** Whether writes may be sent under a key. */
  readonly keys: boolean;
  /** Whether answers may be kept true. */
  readonly live: boolean;
}

/** The refusals of a method by status. */
export function refusalsOf(
  action: Action,
  { problems, keys, live }: Telling,
  components: Components,
): Readonly<Record<string, ResponseObject>> {
  const keyed: readonly ErrorCode[] =
    keys && action !== "read" && action !== "inspect" ? ["idempotency-mismatch"] : [];
  const lively: readonly ErrorCode[] = live && action === "read" ? ["not-live"] : [];
  const codes = [...CODES[action], ...keyed, ...lively];
  const statuses = [...new Set(codes.map((code) => STATUS[code]))].toSorted((a, b) => a - b);
  return {
    ...Object.fromEntries(
      statuses.map((status) => [
        String(status),
        components.response(`${action}.${status}`, () =>
          refusal(
            codes.filter((code) => STATUS[code] === status),
            problems,
          ),
        ),
      ]),
    ),
    default: components.response("refused", () => ({
      description: "what an author's own code answers",
      content: contentOf({ type: "string" }, problems),
    })),
  };
}

function refusal(codes: readonly ErrorCode[], problems: boolean): ResponseObject {
  const retry = codes.includes("busy");
  return {
    description: codes.map((code) => `\`${code}\``).join(", "),
    ...(retry && {
      headers: { "Retry-After": { description: "seconds to wait", schema: { type: "integer" } } },
    }),
    content: contentOf({ type: "string", enum: codes }, problems),
  };
}

/** The two forms of a refusal. */
function contentOf(code: JSONSchema, problems: boolean): NonNullable<ResponseObject["content"]> {
  const problem = { "application/problem+json": { schema: problemOf(code) } };
  return problems ? problem : { "application/json": { schema: errorOf(code) }, ...problem };
}

const TEXT: JSONSchema = { type: "string" };
const PLACE: Readonly<Record<string, JSONSchema>> = {
  path: { ...TEXT, description: "where in the request" },
  hint: { ...TEXT, description: "what to do about it" },
  issues: {
    type: "array",
    description: "what a validator found",
    items: { type: "object", properties: { message: TEXT, path: TEXT }, required: ["message"] },
  },
};

export const errorOf = (code: JSONSchema): JSONSchema => ({
  type: "object",
  properties: { error: { ...TEXT, description: "what is wrong" }, code, ...PLACE },
  required: ["error", "code"],
});

/** RFC 9457. */
const problemOf = (code: JSONSchema): JSONSchema => ({
  type: "object",
  properties: { type: TEXT, title: TEXT, status: { type: "integer" }, detail: TEXT, code, ...PLACE },
  required: ["type", "title", "status", "detail", "code"],
});
