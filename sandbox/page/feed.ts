import { ClientError, type ApiClient } from "@bepalo/query/client";
import type { Api } from "./api.ts";
import { find, part, write } from "./dom.ts";
import { entryItem, type Entry } from "./feed-entry.ts";
import {
  firstPage,
  pageAfter,
  pageBefore,
  question,
  range,
  standingBefore,
  type FeedView,
  type Turned,
} from "./feed-view.ts";
import { valuesOf } from "./form.ts";
import { createLatest } from "./latest.ts";
import { attempt } from "./messages.ts";

const section = find(document, "#feed", HTMLElement);
const list = find(section, ".feed", HTMLOListElement);
const filter = find(section, ".filter", HTMLFormElement);
const tags = find(filter, "[name=tag]", HTMLSelectElement);
const nothing = part(section, "nothing");
const previous = part(section, "previous", HTMLButtonElement);
const next = part(section, "next", HTMLButtonElement);

/** What everybody has published, page after page, and what is looked for in it. */
export function createFeed(api: ApiClient<Api>) {
  const latest = createLatest();
  /** The page that is shown, unless something else is looked for since. */
  let shown: { readonly view: FeedView; readonly turned: Turned } | undefined;

  async function show(wanted: FeedView): Promise<void> {
    const signal = latest.next();
    list.ariaBusy = "true";
    try {
      const { feed, ...turned } = await api.get("feed", question(wanted), { signal });
      // Nothing here any more, but perhaps elsewhere.
      if (feed.length === 0 && (wanted.after ?? wanted.before) !== undefined)
        return await show(firstPage(wanted));
      render({ ...wanted, from: standingBefore(wanted, turned) }, feed, turned);
    } catch (error) {
      // What is there answers another question.
      if (!signal.aborted && shown === undefined) clear();
      throw error;
    } finally {
      if (!signal.aborted) list.ariaBusy = "false";
    }
  }

  function render(view: FeedView, feed: readonly Entry[], turned: Turned): void {
    shown = { view, turned };
    list.replaceChildren(...feed.map(entryItem));
    nothing.hidden = feed.length > 0;
    write(nothing, { why: "No post fits." });
    part(section, "range").textContent = range(view, turned);
    previous.disabled = turned.page.previous === null;
    next.disabled = turned.page.next === null;
    // A button that can do no more gives the keyboard back.
    if (document.activeElement?.matches(":disabled")) find(section, "h2", HTMLElement).focus();
  }

  function clear(): void {
    list.replaceChildren();
    nothing.hidden = false;
    write(nothing, { why: "There was no answer." });
    part(section, "range").textContent = "";
    previous.disabled = next.disabled = true;
  }

  function start(): Promise<void> {
    shown = undefined;
    const { words = "", tag = "", ...boxes } = valuesOf(filter);
    return show(firstPage({ words, tag, discussed: "discussed" in boxes }));
  }

  const turn = (page: (view: FeedView, turned: Turned) => FeedView) =>
    shown === undefined ? start() : show(page(shown.view, shown.turned)).catch(orStart);

  /** A cursor that leads nowhere any more leads back to the first page, and the server says why. */
  async function orStart(error: unknown): Promise<never> {
    if (error instanceof ClientError && error.code === "invalid-cursor") await start();
    throw error;
  }

  filter.addEventListener("input", () => attempt(start));
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("reset", () => setTimeout(() => attempt(start)));
  next.addEventListener("click", () => attempt(() => turn(pageAfter)));
  previous.addEventListener("click", () => attempt(() => turn(pageBefore)));
  part(section, "everything").addEventListener("click", () => {
    filter.reset();
    find(filter, "[name=words]", HTMLInputElement).focus();
  });

  return {
    /** Shows the first page of what is looked for. */
    start,
    /** Shows the same page as it is now. */
    again: (): Promise<void> => turn((view) => view),
    /** Lets people choose among the tags there are. */
    offerTags: async (): Promise<void> => {
      const answer = await api.get("tags", { columns: { name: true } });
      tags.append(...answer.tags.map(({ name }) => new Option(name)));
    },
  };
}
