import type { LiveState } from "../api/live.ts";

/** A question whose answer is kept true, for as many as ask it. */
export interface LiveQuestion {
  /** What its events carry. */
  readonly key: string;
  url: string;
  readonly listeners: Set<() => void>;
  /** The id of the last answer; none where the server is to say all of it. */
  id?: string | undefined;
  state: LiveState<unknown>;
  /** Told when the server has ended it. */
  readonly ended: () => void;
}

/** Says what has become of it. */
export function tell(question: LiveQuestion, news: Partial<LiveState<unknown>>): void {
  const { state } = question;
  const next = { ...state, ...news };
  if (next.data === state.data && next.status === state.status) return;
  question.state = next;
  if (next.status === "ended") question.ended();
  for (const listener of question.listeners) {
    try {
      listener();
    } catch (error) {
      // One who fails is nobody else's concern; it is an uncaught error, as that of an event's listener is.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
