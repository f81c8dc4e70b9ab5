import type { ApiClient } from "@bepalo/query/client";
import type { Api } from "./api.ts";
import { confirmed } from "./confirm.ts";
import { find, part } from "./dom.ts";
import { onSubmit, valuesOf } from "./form.ts";
import { attempt, say } from "./messages.ts";
import { focusPost, postRow, type Post } from "./post-row.ts";
import { hasMore, newest, question, range, sortedBy, type Column, type View } from "./post-view.ts";
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

/** The table of somebody's own posts, and everything that can be done with it. */
export function createPosts(api: ApiClient<Api>) {
  let view = newest;
  let asking = new AbortController();

  async function show(wanted: View): Promise<void> {
    view = wanted;
    asking.abort();
    const { signal } = (asking = new AbortController());
    table.ariaBusy = "true";
    try {
      const { posts, total } = await api.get("posts", question(wanted), { signal });
      const { page } = wanted;
      // Nothing here: the last post of this page went, or the page before was the last and full.
      if (posts.length === 0 && page > 0) return await show({ ...wanted, page: page - 1, last: true });
      render(wanted, posts, total);
    } finally {
      if (!signal.aborted) table.ariaBusy = "false";
    }
  }

  function render(shown: View, posts: readonly Post[], total: number): void {
    find(table, "tbody", HTMLTableSectionElement).replaceChildren(
      ...posts.map((post) => postRow(post, { save, remove })),
    );
    part(section, "range").textContent = range(shown, posts.length, total);
    previous.disabled = shown.page === 0;
    next.disabled = !hasMore(shown, posts.length, total);
    // A button that can do no more gives the keyboard back.
    if (document.activeElement?.matches(":disabled")) heading.focus();
    for (const header of headers) {
      const sorted = header.dataset["column"] === shown.column;
      header.closest("th")!.ariaSort = sorted ? `${shown.direction}ending` : "none";
    }
  }

  async function add({ title = "", body = "" }: Readonly<Record<string, string>>): Promise<void> {
    await api.post("posts", { title, body }, { mine: true, columns: false });
    drafting.reset();
    filter.reset();
    await show(newest);
    say(`Added “${title}”.`);
  }

  async function save({ id }: Post, changed: Pick<Post, "title" | "body">): Promise<void> {
    const { rowsAffected } = await api.patch("posts", changed, {
      mine: true,
      where: { id },
      columns: false,
    });
    await show(view);
    focusPost(table, id);
    say(rowsAffected === 1 ? `Saved “${changed.title}”.` : "This post is gone.");
  }

  async function remove({ id, title }: Post): Promise<void> {
    if (!(await confirmed(`Delete “${title}”?`))) return;
    await api.delete("posts", { mine: true, where: { id }, columns: false });
    await show(view);
    heading.focus();
    say(`Deleted “${title}”.`);
  }

  const turn = (by: number) => attempt(() => show({ ...view, page: view.page + by, last: false }));

  filter.addEventListener("input", () =>
    attempt(() => show({ ...view, page: 0, last: false, title: valuesOf(filter)["title"] ?? "" })),
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
      asking.abort();
      section.hidden = true;
      adding.open = false;
      drafting.reset();
      forgetRequests("posts");
      find(table, "tbody", HTMLTableSectionElement).replaceChildren();
    },
  };
}
