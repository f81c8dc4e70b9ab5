import type { ApiClient } from "@bepalo/query/client";
import type { Api } from "./api.ts";
import { confirmed } from "./confirm.ts";
import { find, part, valuesOf } from "./dom.ts";
import { attempt, say } from "./messages.ts";
import { columns, focusPost, postRow, type Post } from "./post-table.ts";

const PAGE = 10;
const section = find(document, "#posts", HTMLElement);
const heading = find(section, "h2", HTMLElement);
const table = find(section, "table", HTMLTableElement);
const filter = find(section, ".filter", HTMLFormElement);
const adding = find(section, "#new-post", HTMLDetailsElement);
const headers = [...table.querySelectorAll<HTMLElement>("[data-column]")];
const previous = part(section, "previous", HTMLButtonElement);
const next = part(section, "next", HTMLButtonElement);

type Column = Exclude<keyof Post, "id">;

/** Which posts are to be seen. */
interface View {
  readonly title: string;
  readonly column: Column;
  readonly direction: "asc" | "desc";
  readonly page: number;
  /** Whether it is known that no page follows. */
  readonly last: boolean;
}

const newest: View = { title: "", column: "createdAt", direction: "desc", page: 0, last: false };

/** The table of somebody's own posts, and everything that can be done with it. */
export function createPosts(api: ApiClient<Api>) {
  let view = newest;
  let asking = new AbortController();

  async function show(next: View): Promise<void> {
    view = next;
    asking.abort();
    const { signal } = (asking = new AbortController());
    table.ariaBusy = "true";
    try {
      const { posts, total } = await api.get("posts", question(next), { signal });
      // Nothing here: the last post of this page went, or the page before was the last and full.
      if (posts.length === 0 && next.page > 0)
        return await show({ ...next, page: next.page - 1, last: true });
      render(next, posts, total);
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
    for (const header of headers) {
      const sorted = header.dataset["column"] === shown.column;
      header.closest("th")!.ariaSort = sorted ? `${shown.direction}ending` : "none";
    }
  }

  const add = (form: HTMLFormElement) =>
    attempt(async () => {
      const { title = "", body = "" } = valuesOf(form);
      await api.post("posts", { title, body }, { mine: true, columns: false });
      form.reset();
      filter.reset();
      await show(newest);
      say(`Added “${title}”.`);
    });

  const save = ({ id }: Post, changed: Pick<Post, "title" | "body">) =>
    attempt(async () => {
      const { rowsAffected } = await api.patch("posts", changed, {
        mine: true,
        where: { id },
        columns: false,
      });
      await show(view);
      focusPost(table, id);
      say(rowsAffected === 1 ? `Saved “${changed.title}”.` : "This post is gone.");
    });

  const remove = ({ id, title }: Post) =>
    attempt(async () => {
      if (!(await confirmed(`Delete “${title}”?`))) return;
      await api.delete("posts", { mine: true, where: { id }, columns: false });
      await show(view);
      heading.focus();
      say(`Deleted “${title}”.`);
    });

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
  find(adding, "form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    add(event.currentTarget as HTMLFormElement);
  });

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
      find(table, "tbody", HTMLTableSectionElement).replaceChildren();
    },
  };
}

function question({ title, column, direction, page }: View) {
  return {
    mine: true,
    columns,
    ...(title !== "" && { where: { "title.icontains": title } }),
    orderBy: { [column]: direction, id: "asc" },
    limit: PAGE,
    ...(page > 0 && { offset: page * PAGE }),
  } as const;
}

function range({ title, page }: View, count: number, total: number): string {
  const rows = count === 0 ? "none" : `${page * PAGE + 1}–${page * PAGE + count}`;
  return title === "" ? `${rows} of ${total}` : `${rows} found, of ${total}`;
}

/** The server's total does not know the filter; behind one, a full page may have another after it. */
function hasMore({ title, page, last }: View, count: number, total: number): boolean {
  return title === "" ? (page + 1) * PAGE < total : count === PAGE && !last;
}

/** The first click sorts texts from A and times from the newest, the second the other way round. */
function sortedBy(view: View, column: Column): View {
  const first = column === "title" || column === "body" ? "asc" : "desc";
  const other = first === "asc" ? "desc" : "asc";
  const again = view.column === column && view.direction === first;
  return { ...view, page: 0, last: false, column, direction: again ? other : first };
}
