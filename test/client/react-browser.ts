// What the browser of react.test.ts runs: `show` and `hydrate` are called by the tests.
import { createElement as h } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { drawn, Lists, type Wish } from "./react-page.ts";

let root: Root | undefined;
let set: (wishes: readonly Wish[]) => void = () => undefined;
const told = (setter: typeof set): void => void (set = setter);
const place = (): HTMLElement => document.querySelector("main")!;

Object.assign(globalThis, {
  drawn,
  show(wishes: readonly Wish[]) {
    if (root === undefined) (root = createRoot(place())).render(h(Lists, { base: undefined, wishes, told }));
    else set(wishes);
  },
  hydrate(wishes: readonly Wish[]) {
    root = hydrateRoot(place(), h(Lists, { base: undefined, wishes, told }));
  },
  leave() {
    root?.unmount();
  },
});
