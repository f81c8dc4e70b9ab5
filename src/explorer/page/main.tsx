import { render } from "preact";
import { Actions } from "./actions.ts";
import { listen } from "./shortcuts.ts";
import { placeOf } from "./model/request.ts";
import { initial, type State, Store } from "./state.ts";
import { App } from "./view/app.tsx";

const root = document.querySelector("#explorer")!;
const state = initial(placeOf(location));
const store = new Store(state, show);
const actions = new Actions(store);

function show(now: State): void {
  document.title = now.asked === undefined ? "Explorer" : `${now.asked.resource} · Explorer`;
  render(<App state={now} actions={actions} />, root);
}

show(state);
listen(store, actions);
void actions.load();
// Who comes back from the application may be somebody else by now.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void actions.load();
});
