import { setParameter } from "./edit.ts";
import { compact, isPlain } from "./notation.ts";
import { mapOf } from "./query.ts";
import type { Asked } from "./request.ts";

/** The parameter of a POST that says what becomes of new rows which meet rows that are there. */
export const ON_CONFLICT = "onConflict";

/** What becomes of rows that are met: the whole write is refused, they are changed, or left as they are. */
export type Met = "refused" | "changed" | "left";

/** What is asked of them, and the key by which rows meet; empty where none is named. */
export interface Meeting {
  readonly met: Met;
  readonly target: readonly string[];
}

export function meetingOf({ parameters }: Asked): Meeting {
  const text = parameters[ON_CONFLICT];
  if (text === undefined) return { met: "refused", target: [] };
  const { target, ignore } = mapOf(text) ?? {};
  return { met: ignore === true ? "left" : "changed", target: namesIn(target) };
}

/** Names as the parameter has them: a list, or a map to T. */
function namesIn(names: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(names)
    ? names
    : Object.entries(isPlain(names) ? names : {}).flatMap(([name, wanted]) =>
        wanted === true ? [name] : [],
      );
  return list.filter((name) => typeof name === "string");
}

/** Has rows that are met treated so; which columns are changed stays as it was said. */
export function setMeeting(question: Asked, { met, target }: Meeting): Asked {
  if (met === "refused") return setParameter(question, ON_CONFLICT, undefined);
  const { update } = mapOf(question.parameters[ON_CONFLICT] ?? "") ?? {};
  const rest = met === "left" ? { ignore: true } : update === undefined ? {} : { update };
  return setParameter(question, ON_CONFLICT, compact({ target: [...target], ...rest }));
}
