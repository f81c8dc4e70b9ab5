import { ClientError } from "@bepalo/query/client";
import type { LiveClient } from "@bepalo/query/client/live";
import type { Api } from "./api.ts";
import { confirmed } from "./confirm.ts";
import { find, part } from "./dom.ts";
import { onSubmit, valuesOf } from "./form.ts";
import { createLatest } from "./latest.ts";
import { attempt, say, showProblem } from "./messages.ts";
import { createKeys } from "./keys.ts";
import { columns, focusPost, holdFocus, postRow, type Post } from "./post-row.ts";
import {
  lastPage,
  newest,
  question,
  range,
  sortedBy,
  type Column,
  type Counts,
  type View,
} from "./post-view.ts";
import { forgetRequests } from "./requests.ts";

const section = find(document, "#posts", HTMLElement);
const heading = find(section, "h2", HTMLElement);
const table = find(section, "table", HTMLTableElement);
const filter = find(section, ".filter", HTMLFormElement);
const adding = find(section, "#new-post", HTMLDetailsElement);
const drafting = find(adding, "form", HTMLFormElement);
const headers = [...table.querySelectorAll<HTMLElement>("[data-column]")];
const previous = part(section, "previous", HTMLButtonElement);
const next = part(section, "next", HTMLButtonElement);

/** The table of somebody's own posts, and everything that can be done with it; `changed` hears that a post did, or went. */
export function createPosts(api: LiveClient<Api>, changed: () => void) {
  let view = newest;
  const once = createKeys();
  const latest = createLatest();
  /** What is shown, and what is to be shown when nobody edits a post any more. */
  let drawn = "";
  let news: (() => void) | undefined;

  async function show(wanted: View): Promise<void> {
    view = wanted;
    const signal = latest.next();
    table.ariaBusy = "true";
    try {
      const { posts, ...counts } = await api.get("posts", question(wanted), { signal });
      // Nothing here: the last post of this page went.
      if (wanted.page > lastPage(counts)) return await show({ ...wanted, page: lastPage(counts) });
      render(wanted, posts, counts);
      follow(wanted, signal);
    } finally {
      if (!signal.aborted) table.ariaBusy = "false";
    }
  }

  /** Keeps what is shown as it is on the server, until something else is to be seen. */
  function follow(shown: View, signal: AbortSignal): void {
    api.live("posts", question(shown), {
      signal,
      onAnswer: ({ posts, ...counts }) => {
        if (shown.page > lastPage(counts)) return attempt(() => show({ ...shown, page: lastPage(counts) }));
        if (JSON.stringify([posts, counts]) === drawn) return;
        news = () => holdFocus(table, () => render(shown, posts, counts));
        renew();
      },
      onEnd: showProblem,
    });
  }

  /** Shows what is new, but takes nothing out of anybody's hands. */
  function renew(): void {
    if (table.querySelector(".editor") === null) news?.();
  }

  function render(shown: View, posts: readonly Post[], counts: Counts): void {
    news = undefined;
    drawn = JSON.stringify([posts, counts]);
    find(table, "tbody", HTMLTableSectionElement).replaceChildren(
      ...posts.map((post) => postRow(post, { save, remove, closed: () => queueMicrotask(renew) })),
    );
    part(section, "range").textContent = range(shown, posts.length, counts);
    previous.disabled = shown.page === 0;
    next.disabled = shown.page >= lastPage(counts);
    // A button that can do no more gives the keyboard back.
    if (document.activeElement?.matches(":disabled")) heading.focus();
    for (const header of headers) {
      const sorted = header.dataset["column"] === shown.column;
      header.closest("th")!.ariaSort = sorted ? `${shown.direction}ending` : "none";
    }
  }

  async function add({ title = "", body = "" }: Readonly<Record<string, string>>): Promise<void> {
    const idempotencyKey = once.keyOf({ title, body });
    await api.post("posts", { title, body }, { mine: true, columns: false }, { idempotencyKey });
    once.done();
    drafting.reset();
    filter.reset();
    await show(newest);
    say(`Added “${title}”.`);
  }

  async function save({ id, version }: Post, texts: Pick<Post, "title" | "body">): Promise<Post | undefined> {
    const question = { mine: true, where: { id }, columns: false, ifVersion: version } as const;
    const theirs = await api.patch("posts", texts, question).then(
      () => undefined,
      (error: unknown) => outdated(error, id),
    );
    if (theirs !== undefined && theirs !== null) return theirs;
    changed();
    await show(view);
    focusPost(table, id);
    say(theirs === null ? "This post is gone." : `Saved “${texts.title}”.`);
    return undefined;
  }

  /** The post as it is now whose change came too late: null where it is gone. */
  async function outdated(error: unknown, id: string): Promise<Post | null> {
    if (!(error instanceof ClientError && error.code === "precondition-failed")) throw error;
    return (await api.first("posts", { mine: true, where: { id }, columns })).posts;
  }

  async function remove({ id, title }: Post): Promise<void> {
    if (!(await confirmed(`Delete “${title}”?`))) return;
    await api.delete("posts", { mine: true, where: { id }, columns: false });
    changed();
    await show(view);
    heading.focus();
    say(`Deleted “${title}”.`);
  }

  const turn = (by: number) => attempt(() => show({ ...view, page: view.page + by }));

  filter.addEventListener("input", () =>
    attempt(() => show({ ...view, page: 0, title: valuesOf(filter)["title"] ?? "" })),
  );
  filter.addEventListener("submit", (event) => event.preventDefault());
  for (const header of headers) {
    const column = header.dataset["column"] as Column;
    header.addEventListener("click", () => attempt(() => show(sortedBy(view, column))));
  }
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  onSubmit(drafting, add);

  return {
    /** Shows the newest posts of whoever is signed in now. */
    open(): Promise<void> {
      filter.reset();
      section.hidden = false;
      return show(newest);
    },
    /** Forgets what was shown: the next person has other posts. */
    close(): void {
      latest.end();
      news = undefined;
      section.hidden = true;
      adding.open = false;
      drafting.reset();
      forgetRequests("posts");
      find(table, "tbody", HTMLTableSectionElement).replaceChildren();
    },
  };
}
