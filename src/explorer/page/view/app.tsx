import type { Actions } from "../actions.ts";
import type { Desk } from "../desk.ts";
import type { State } from "../state.ts";
import { Answer } from "./answer.tsx";
import { Bar } from "./bar.tsx";
import { Builder } from "./builder.tsx";
import { Caller } from "./caller.tsx";
import { ChangeRow } from "./change-row.tsx";
import { Empty } from "./empty.tsx";
import { Keys } from "./keys.tsx";
import { Matrix } from "./matrix.tsx";
import { Notation } from "./notation.tsx";
import { Refusal } from "./refusal.tsx";
import { Resources } from "./resources.tsx";
import { RemoveRow, Sure } from "./sure.tsx";

interface AppProps {
  readonly state: State;
  readonly actions: Actions;
}

/** The whole page. */
export function App({ state, actions }: AppProps) {
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        To what is asked
      </a>
      <div class="page">
        <Bar state={state} actions={actions} />
        {state.page === "matrix" ? <MatrixPage state={state} /> : <Work state={state} actions={actions} />}
      </div>
      <Dialogs state={state} actions={actions} />
      <div class="news" role="status" aria-live="polite">
        {state.news}
      </div>
    </>
  );
}

/** The address holds the question, so that it does not take the place of one that is skipped to. */
function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#question, #main")?.focus();
}

function Work({ state, actions }: AppProps) {
  const { access, unavailable, asked, outcome } = state;
  if (unavailable !== undefined) return <Unavailable state={state} actions={actions} />;
  if (access === undefined) return <Waiting label="Asking what you may do" />;
  if (asked === undefined)
    return (
      <main id="main" tabIndex={-1}>
        <Empty icon="lock" title="You may ask nothing here">
          No rule of this API answers you. Sign in in the application, or give a header above.
        </Empty>
      </main>
    );
  const refused = outcome?.asked === asked ? outcome.refused : undefined;
  const desk: Desk = { access, asked, refused, edit: (change) => actions.edit(change) };
  return (
    <div class="work">
      <Resources access={access} chosen={asked.resource} onChoose={(resource) => actions.choose(resource)} />
      <Builder desk={desk} />
      <main class="outcome" id="main" tabIndex={-1}>
        <Notation state={state} actions={actions} />
        <Answer state={state} actions={actions} />
      </main>
    </div>
  );
}

const Waiting = ({ label }: { readonly label: string }) => (
  <main id="main" tabIndex={-1} aria-busy="true">
    <div class="busy" role="progressbar" aria-label={label} />
  </main>
);

function Unavailable({ state: { unavailable, place }, actions }: AppProps) {
  return (
    <main id="main" tabIndex={-1}>
      <Refusal refused={unavailable!}>
        <p class="why">
          The explorer asks <code>{place.base}/$access</code> what you may do. The route has the option{" "}
          <code>access: true</code> for it.
        </p>
        <button type="button" class="button why" onClick={() => void actions.load()}>
          Ask again
        </button>
      </Refusal>
    </main>
  );
}

function MatrixPage({ state: { matrix } }: { readonly state: State }) {
  if (matrix === undefined) return <Waiting label="Asking who may do what" />;
  return "callers" in matrix ? <Matrix told={matrix} /> : <Refusal refused={matrix} />;
}

function Dialogs({ state, actions }: AppProps) {
  const { dialog, asked } = state;
  const close = (): void => actions.dialog(undefined);
  switch (dialog?.kind) {
    case undefined:
      return null;
    case "keys":
      return <Keys onClose={close} />;
    case "caller":
      return (
        <Caller
          roles={state.roles}
          headers={state.headers}
          onApply={(headers) => void actions.become(headers)}
          onClose={close}
        />
      );
    case "sure":
      return <Sure asked={asked!} actions={actions} />;
    case "change":
      return <ChangeRow state={state} actions={actions} by={dialog.by} row={dialog.row} />;
    case "remove":
      return <RemoveRow state={state} actions={actions} by={dialog.by} row={dialog.row} />;
  }
}
