// A page that shows live answers with React, for react.test.ts: as a server renders it, and as a browser does.
import { createQueryClient } from "@bepalo/query/client";
import { live } from "@bepalo/query/client/live";
import { useLive } from "@bepalo/query/react";
import { createElement as h, memo, type ReactElement, StrictMode, useState } from "react";

// oxlint-disable-next-line typescript/no-explicit-any -- what is asked and answered is not what these tests are about
type Anything = any;

/** What is asked, and shown first. */
export interface Wish {
  readonly resource: string;
  readonly question?: object;
  readonly initial?: unknown;
  readonly skip?: boolean;
}

/** How often each row was drawn, by its title. */
const drawn: Record<string, number> = {};

const Row = memo(({ row }: { readonly row: { readonly title: string } }): ReactElement => {
  drawn[row.title] = (drawn[row.title] ?? 0) + 1;
  return h("li", {}, row.title);
});

function List({ api, wish }: { readonly api: Anything; readonly wish: Wish }): ReactElement {
  const { resource, question, ...options } = wish;
  // A question is made anew each time, as most are.
  const view = useLive<Anything, string, Anything, Anything>(
    api,
    resource,
    { ...question },
    options,
  ) as Anything;
  const rows: readonly Anything[] = view.data?.posts ?? [];
  return h(
    "section",
    { "aria-label": JSON.stringify([resource, question]) },
    h("output", {}, view.error === undefined ? view.status : `${view.status}: ${view.error.code}`),
    h("ul", {}, ...rows.map((row) => h(Row, { row, key: row.id }))),
  );
}

/** Lists of some answers, in strict mode; `told` is handed what sets others. */
export function Lists(props: {
  readonly base: string | undefined;
  readonly wishes: readonly Wish[];
  readonly told?: (set: (wishes: readonly Wish[]) => void) => void;
}): ReactElement {
  const [api] = useState(() => createQueryClient<Anything>(props.base, { live }));
  const [wishes, set] = useState(props.wishes);
  props.told?.(set);
  return h(StrictMode, {}, ...wishes.map((wish, index) => h(List, { api, wish, key: index })));
}

export { drawn };
