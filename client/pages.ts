import type { SentQuestion } from "./params.ts";

/** Walks a list from page to page, by the cursors that its pages have; each is asked for when it is wanted. */
export async function* pagesOf(
  read: (question: SentQuestion) => Promise<unknown>,
  question: SentQuestion = {},
): AsyncGenerator<unknown, void, undefined> {
  let asked: SentQuestion = { ...question, cursor: true };
  for (;;) {
    const answer = await read(asked);
    yield answer;
    const after = (answer as { readonly page?: { readonly next: string | null } } | null)?.page?.next;
    if (typeof after !== "string") return;
    // What is skipped is skipped once.
    asked = { ...asked, select: { ...asked.select, after, offset: undefined } };
  }
}
