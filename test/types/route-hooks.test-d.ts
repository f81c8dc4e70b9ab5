import type { QueryRouteOptions } from "@bepalo/query";

/* What a route runs around every write knows the session, the rows, and the transaction. */

type Options = QueryRouteOptions<"clerk", { readonly me: number }>;

export const plain: Pick<Options, "afterWrite" | "afterCommit"> = {
  afterWrite: async ({ me, method, resourceId, roles, body, result, written, tx }) => {
    const known: readonly [
      number,
      string,
      string,
      readonly string[],
      number | undefined,
      number | undefined,
    ] = [me, method, resourceId, roles, result.rowsAffected, written?.length];
    await tx.insert(body).values(known);
  },
  afterCommit: ({ me, written }) => void [me.toFixed(), written?.[0]],
};

export const before: Pick<Options, "afterWrite" | "afterCommit"> = {
  afterWrite: { before: true, run: ({ before: rows, written }) => void [rows.length, written?.length] },
  afterCommit: { before: true, run: async ({ before: rows }) => void rows[0] },
};

export const mistakes: Pick<Options, "afterWrite" | "afterCommit">[] = [
  // @ts-expect-error nobody looks at what it answers
  { afterWrite: () => new Response() },
  // @ts-expect-error the transaction is over
  { afterCommit: ({ tx }) => void tx },
  // @ts-expect-error `before` is true or is not said
  { afterWrite: { before: false, run: () => undefined } },
  // @ts-expect-error there is nothing to run
  { afterCommit: { before: true } },
];
