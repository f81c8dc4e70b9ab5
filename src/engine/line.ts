import { isHooked } from "../execute/execute.ts";
import type { Parts } from "./call.ts";
import type { Ready } from "./write.ts";

/** Whether the statement of a request is on its way. */
export interface Sending {
  readonly sent: boolean;
}

/**
 * Has a request stand in line with those ahead, or `undefined` for one that waits until they are answered. A server that
 * takes a statement before it has answered another runs them in their order, and once one has failed none of those behind.
 * So only what is one statement stands in line, and has no function of its author's behind it; where it turns out to be
 * more, it is not sent at once.
 */
export function inLine(
  { runtime: { dialect } }: Pick<Parts, "runtime">,
  { alone }: Ready<unknown>,
): Sending | undefined {
  if (alone === undefined || dialect.pipelines !== true) return undefined;
  const { work, hooks } = alone;
  if (work.kind !== "write" || isHooked(alone) || hooks.onQueryError !== undefined) return undefined;
  if (!work.write.steps.every(({ kind }) => kind === "write" || kind === "answer")) return undefined;
  const sending = { sent: false };
  alone.sent = () => void (sending.sent = true);
  return sending;
}

/** Requests that are under way, whose answers are told in their order. */
export class Line<Answer> {
  readonly #answers: Promise<Answer>[] = [];
  readonly #tell: (answer: Promise<Answer>, place: number) => Promise<void>;
  #told = 0;

  /** `tell` waits for the answer of a place. */
  constructor(tell: (answer: Promise<Answer>, place: number) => Promise<void>) {
    this.#tell = tell;
  }

  join(answer: Promise<Answer>): void {
    answer.catch(() => undefined); // the first that is refused is told
    this.#answers.push(answer);
  }

  /** Tells all answers that are not told yet. */
  async told(): Promise<void> {
    for (; this.#told < this.#answers.length; this.#told++)
      await this.#tell(this.#answers[this.#told]!, this.#told);
  }

  /** Over when none is under way any more. */
  async ended(): Promise<void> {
    if (this.#told < this.#answers.length) await Promise.allSettled(this.#answers);
  }
}
