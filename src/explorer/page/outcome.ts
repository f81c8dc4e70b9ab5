import type { Answer } from "./model/call.ts";
import type { Asked } from "./model/request.ts";
import type { Outcome } from "./state.ts";
import { type RefusedAnswer, refusedIn } from "./model/refusal.ts";

/** What the page makes of an answer. */
export const outcomeOf = (asked: Asked, answer: Answer): Outcome => ({
  asked,
  status: answer.status,
  body: answer.body,
  refused: refusedIn(answer),
  milliseconds: answer.milliseconds,
  bytes: new Blob([answer.text]).size,
});

/** Where no answer came. */
export const unanswered = (asked: Asked): Outcome => ({
  asked,
  status: 0,
  body: undefined,
  refused: NO_ANSWER,
  milliseconds: 0,
  bytes: 0,
});

export const NO_ANSWER: RefusedAnswer = {
  status: 0,
  code: "no-answer",
  error: "the server did not answer",
  hint: "is it running, and does it answer this origin?",
};
