import { useLayoutEffect, useState } from "preact/hooks";
import type { Actions } from "../actions.ts";
import type { State } from "../state.ts";
import { Choice } from "./choice.tsx";
import { IconButton } from "./controls.tsx";
import { Sign } from "./icon.tsx";

const PAGES = [
  ["question", "Question"],
  ["matrix", "Matrix"],
] as const;

/** Where one is, who asks, and how it looks. */
export function Bar({ state, actions }: { readonly state: State; readonly actions: Actions }) {
  const { place, page, inspects, headers, roles } = state;
  const turn = (next: State["page"]): void =>
    next === "matrix" ? void actions.openMatrix() : actions.openQuestion();
  return (
    <header class="bar">
      <h1>
        <Sign />
        Explorer <code>{place.base}</code>
      </h1>
      {inspects && <Choice label="Show" options={PAGES} chosen={page} onChoose={turn} />}
      <span class="gap" />
      <button
        type="button"
        class={`button caller ${roles?.length ? "known" : ""}`}
        aria-haspopup="dialog"
        onClick={() => actions.dialog({ kind: "caller" })}
      >
        <span class="dot" />
        {callerOf(state)}
        {headers !== "" && <span class="mark">+ header</span>}
      </button>
      <Theme />
      <IconButton large icon="keys" label="Keys (?)" onClick={() => actions.dialog({ kind: "keys" })} />
    </header>
  );
}

const callerOf = ({ roles }: State): string =>
  roles === undefined ? "Who asks" : roles.length === 0 ? "Guest" : roles.join(", ");

/** Makes it light or dark, whatever the system is, for as long as the page is open. */
function Theme() {
  const [theme, setTheme] = useState(() =>
    matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
  );
  const [isChosen, setChosen] = useState(false);
  useLayoutEffect(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const follow = (): void => setTheme(system.matches ? "dark" : "light");
    if (!isChosen) system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, [isChosen]);
  const other = theme === "dark" ? "light" : "dark";
  const change = (): void => {
    document.documentElement.dataset["theme"] = other;
    setTheme(other);
    setChosen(true);
  };
  return (
    <IconButton large icon={theme === "dark" ? "sun" : "moon"} label={`Make it ${other}`} onClick={change} />
  );
}
