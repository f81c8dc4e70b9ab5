import type { LiveListeners, LiveOptions, LiveState } from "../api/live.ts";
import { unanswered } from "../error.ts";
import type { Store } from "./questions.ts";

/** Tells listeners what becomes of an answer; gives what ends that. */
export function listen(
  store: Store,
  { signal, onStatus, onAnswer, onEnd }: LiveListeners<unknown>,
): () => void {
  if (signal?.aborted === true) return () => undefined;
  let before: Partial<LiveState<unknown>> | undefined = {};
  const hear = (): void => {
    if (before === undefined) return; // it was stopped meanwhile
    const now = store.get();
    const { data, status } = before;
    before = now;
    if (now.status !== status) onStatus?.(now.status);
    if (now.data !== data) onAnswer(now.data);
    if (now.error === undefined) return;
    stop();
    onEnd?.(now.error);
  };
  const leave = store.subscribe(hear);
  const stop = (): void => {
    before = undefined;
    signal?.removeEventListener("abort", stop);
    leave();
  };
  signal?.addEventListener("abort", stop);
  // What is known already is told when whoever asked has what ends it.
  queueMicrotask(hear);
  return stop;
}

/** Gives answers to whoever waits for them: the newest, and never those that nobody has waited for. */
export function answersOf(
  store: Store,
  { signal }: LiveOptions = {},
): AsyncGenerator<unknown, void, undefined> {
  const reader = { isGone: false, wake: (): void => undefined };
  const look = (): void => reader.wake();
  async function* walk(): AsyncGenerator<unknown, void, undefined> {
    let told: unknown;
    let stop = look;
    signal?.addEventListener("abort", look);
    try {
      while (!reader.isGone) {
        if (signal?.aborted === true) throw unanswered(undefined, signal);
        if (stop === look) stop = store.subscribe(look);
        const { data, error } = store.get();
        if (data !== told) yield (told = data);
        else if (error === undefined) await new Promise<void>((resolve) => void (reader.wake = resolve));
        else throw error;
      }
    } finally {
      signal?.removeEventListener("abort", look);
      stop();
    }
  }
  const answers = walk();
  // A generator that waits would end when it has waited, which may be never.
  const leave = answers.return.bind(answers);
  answers.return = (value) => {
    reader.isGone = true;
    look();
    return leave(value);
  };
  return answers;
}
