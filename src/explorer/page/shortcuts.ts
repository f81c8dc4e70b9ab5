import type { Actions } from "./actions.ts";
import type { Store } from "./state.ts";

/** The parts of the page, by the key that leads there. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ["/", "#search"],
  ["1", ".resource[aria-current=true], .resource"],
  ["2", "#question"],
  ["3", "#text"],
  ["4", "#answer"],
]);

/** How long something is told. */
const NEWS = 5_000;

/** Does what keys stand for, wherever one is; where one types, only what no text is made of. */
export function listen(store: Store, actions: Actions): void {
  document.addEventListener("keydown", (event) => {
    if (store.state.dialog !== undefined || event.defaultPrevented) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      return void actions.run();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyped(event.target)) return;
    const place = PLACES.get(event.key);
    if (place === undefined && event.key !== "?") return;
    event.preventDefault();
    if (place === undefined) actions.dialog({ kind: "keys" });
    else document.querySelector<HTMLElement>(place)?.focus();
  });
  let told = "";
  setInterval(() => {
    const { news } = store.state;
    if (news !== "" && news === told) store.set({ news: "" });
    told = store.state.news;
  }, NEWS);
}

const isTyped = (target: EventTarget | null): boolean =>
  target instanceof HTMLTextAreaElement ||
  target instanceof HTMLSelectElement ||
  (target instanceof HTMLInputElement && target.type !== "checkbox");
