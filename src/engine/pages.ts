import type { Cursors } from "../cursor/cursor.ts";
import type { FoundPage } from "../execute/execute.ts";
import type { Paging, Position } from "../plan/plan.ts";
import type { Policy, QueryResult } from "../policy/policy.ts";
import type { Call } from "./call.ts";

/** What is told of a page: the cursors of those beside it. */
type Told = NonNullable<QueryResult["page"]>;

/** The cursors of one list: they belong to it, to its order, to the rule it is read under, and to who asks. */
export class Pages {
  readonly #cursors: Cursors;
  readonly #paging: Paging;
  readonly #cursor: string | undefined;
  readonly #binding: string;

  /** `holder`: the name of who asks, where the author gives one. */
  constructor(
    cursors: Cursors,
    paging: Paging,
    { resource, path }: Policy,
    { holder, request: { filling } }: Pick<Call<unknown>, "holder" | "request">,
  ) {
    this.#cursors = cursors;
    this.#paging = paging;
    const place = filling?.template.cursor;
    this.#cursor = place === undefined ? paging.cursor : String(filling!.values[place]);
    this.#binding = JSON.stringify([resource, path, paging.order, holder ?? null]);
  }

  /**
   * Where the page begins that a cursor leads to.
   *
   * @throws QueryError `invalid-cursor`.
   */
  begin(): Position | undefined {
    const { side } = this.#paging;
    const cursor = this.#cursor;
    return cursor === undefined ? undefined : this.#cursors.open(cursor, this.#binding, `select.${side!}`);
  }

  /** On the way that was gone there is a page where rows were left; on the way back there always is one. */
  readonly tell = ({ ends, more }: FoundPage): Told => {
    const { side, brief } = this.#paging;
    const seal = (end: 0 | 1): string =>
      ends === undefined
        ? (this.#cursor ?? this.#cursors.seal([], this.#binding, brief))
        : this.#cursors.seal(ends[end](), this.#binding, brief);
    const next = side === "before" || more ? seal(1) : null;
    const previous = side === "after" || (side === "before" && more) ? seal(0) : null;
    return { next, previous };
  };
}
