import { METHOD_OF } from "../../../request/method.ts";
import type { Actions } from "../actions.ts";
import { counted } from "../format.ts";
import { ruleOf } from "../model/access.ts";
import { nodeAt, setCursor, setOffset, setPage } from "../model/edit.ts";
import { isPlain } from "../model/notation.ts";
import { type Asked, asked as question, isWrite, type Plain } from "../model/request.ts";
import type { State } from "../state.ts";
import { Foot } from "./foot.tsx";
import { Icon } from "./icon.tsx";

interface PagesProps {
  readonly state: State;
  readonly actions: Actions;
  /** The question whose answer is seen. */
  readonly asked: Asked;
  /** How many rows are seen. */
  readonly count: number;
  /** What is said beside them. */
  readonly said: Plain;
}

/** How many rows stand before the first that is seen. */
export const offsetOf = (asked: Asked): number => numberIn(nodeAt(asked), "offset") ?? 0;

/** Leads to the pages before and behind: by cursor where there is one, by number otherwise. */
export function Pages({ state, actions, asked, count, said }: PagesProps) {
  if (isWrite(asked.method))
    return <p class="foot">{counted(numberIn(said, "rowsAffected") ?? count, "row")} written</p>;
  const most = ruleOf(state.access!, asked)?.limits.maxLimit ?? undefined;
  const size = numberIn(nodeAt(asked), "limit") ?? most;
  const { back, on } = stepsOf(asked, count, size, said);
  const newRow: Asked = {
    ...question(asked.resource, METHOD_OF.insert),
    ...(asked.scope && { scope: asked.scope }),
  };
  const isAdded = asked.aggregate === undefined && ruleOf(state.access!, newRow) !== undefined;
  const go = (next: Asked | undefined) => next && ((): void => actions.again(next));
  return (
    <Foot
      range={rangeOf(count, isPlain(said["page"]) ? undefined : offsetOf(asked), said)}
      size={size}
      sizes={sizesTo(most, size)}
      onSize={(rows) => actions.again(setPage(asked, 0, rows))}
      onBack={go(back)}
      onOn={go(on)}
    >
      {isAdded && (
        <button type="button" class="button tiny" onClick={() => actions.ask(newRow)}>
          <Icon name="add" />
          New row
        </button>
      )}
    </Foot>
  );
}

/** The questions for the page before and for the one behind; nothing where there is none. */
function stepsOf(asked: Asked, count: number, size: number | undefined, said: Plain) {
  const { page } = said;
  if (isPlain(page)) {
    const to = (side: "after" | "before", cursor: unknown): Asked | undefined =>
      typeof cursor === "string" ? setCursor(asked, side, cursor) : undefined;
    return { back: to("before", page["previous"]), on: to("after", page["next"]) };
  }
  const offset = offsetOf(asked);
  const all = numberIn(said, "filtered") ?? (isFiltered(asked) ? undefined : numberIn(said, "total"));
  const isFull = size !== undefined && count >= size;
  const isLast = all === undefined ? said["more"] !== true && !isFull : offset + count >= all;
  return {
    back: offset === 0 ? undefined : setOffset(asked, [], Math.max(0, offset - (size ?? offset))),
    on: isLast ? undefined : setOffset(asked, [], offset + count),
  };
}

/** Whether the total says nothing of how many pages there are. */
function isFiltered(asked: Asked): boolean {
  const { where, search } = nodeAt(asked);
  return asked.aggregate !== undefined || where !== undefined || search !== undefined;
}

function numberIn(said: Plain, name: string): number | undefined {
  const value = said[name];
  return typeof value === "number" ? value : undefined;
}

/** Which rows are seen, and of how many. */
function rangeOf(count: number, offset: number | undefined, said: Plain): string {
  const [filtered, total] = [numberIn(said, "filtered"), numberIn(said, "total")];
  const seen =
    count === 0 ? "none" : offset === undefined ? counted(count, "row") : `${offset + 1}–${offset + count}`;
  const found = filtered === undefined ? "" : ` of ${filtered.toLocaleString()} found`;
  const all =
    total === undefined
      ? ""
      : filtered === undefined
        ? ` of ${total.toLocaleString()}`
        : `, ${total.toLocaleString()} in all`;
  const more = said["more"] === true && found === "" && all === "" ? ", and there are more" : "";
  return seen + found + all + more;
}

/** The sizes of a page that its rule lets be asked for. */
const sizesTo = (most: number | undefined, now: number | undefined): readonly number[] =>
  [
    ...new Set([
      5,
      10,
      20,
      50,
      100,
      500,
      ...(most === undefined ? [] : [most]),
      ...(now === undefined ? [] : [now]),
    ]),
  ]
    .filter((size) => most === undefined || size <= most || size === now)
    .toSorted((a, b) => a - b);
