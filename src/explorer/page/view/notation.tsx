import type { Actions } from "../actions.ts";
import { METHOD_OF } from "../../../request/method.ts";
import { fragmentOf } from "../fragment.ts";
import { suggest } from "../model/complete.ts";
import { type Form, write } from "../model/forms.ts";
import type { Range } from "../model/outline.ts";
import { rangeIn } from "../model/refusal.ts";
import { type Asked, isWrite, type Problem } from "../model/request.ts";
import type { State } from "../state.ts";
import { Tabs } from "./choice.tsx";
import { IconButton } from "./controls.tsx";
import { Editor } from "./editor.tsx";
import { Icon } from "./icon.tsx";

const FORMS = [
  ["rjson", "RJSON"],
  ["url", "URL"],
  ["curl", "curl"],
  ["client", "Client"],
  ["http", ".http"],
] as const satisfies readonly (readonly [Form, string])[];

interface NotationProps {
  readonly state: State;
  readonly actions: Actions;
}

/** The question as text, in each of its forms; what is typed here is clicked on the left, and the other way round. */
export function Notation({ state, actions }: NotationProps) {
  const { asked, form, draft, place, access } = state;
  if (asked === undefined) return <section class="notation" />;
  const text = draft?.text ?? write(form, asked, place);
  const problem = draft?.problem;
  return (
    <section class="notation" aria-label="The question as text">
      <div class="head">
        <Tabs label="Form" options={FORMS} chosen={form} of="text" onChoose={(next) => actions.show(next)} />
        <Copies text={text} asked={asked} state={state} actions={actions} />
        <span class="gap" />
        <Run asked={asked} state={state} actions={actions} />
      </div>
      <Editor
        id="text"
        label={`The question as ${FORMS.find(([name]) => name === form)![1]}`}
        text={text}
        wrong={wrongIn(state, text)}
        placeholder={HINTS[form]}
        invalid={problem !== undefined}
        suggest={(typed, caret) => (form === "rjson" ? suggest(typed, caret, access, asked) : undefined)}
        onText={(typed) => actions.type(typed)}
        onLeave={() => actions.leaveText()}
      >
        {problem !== undefined && <Misread problem={problem} />}
      </Editor>
    </section>
  );
}

const Misread = ({ problem: { message, hint } }: { readonly problem: Problem }) => (
  <p class="problem" id="text-problem" role="alert">
    {message}
    {hint !== undefined && <span class="hint"> · {hint}</span>}
  </p>
);

interface QuestionProps extends NotationProps {
  readonly asked: Asked;
}

/** Takes the text, or a link to the question, along. */
function Copies({ text, asked, state, actions }: QuestionProps & { readonly text: string }) {
  const copy = (copied: string, news: string): void =>
    void navigator.clipboard.writeText(copied).then(
      () => actions.tell(news),
      () => actions.tell("The browser does not let it be copied."),
    );
  const link = location.origin + location.pathname + fragmentOf(asked, state.place);
  return (
    <>
      <IconButton
        large
        icon="copy"
        label="Copy the text"
        disabled={text === ""}
        onClick={() => copy(text, "Copied.")}
      />
      <IconButton
        large
        icon="link"
        label="Copy a link to this question"
        onClick={() => copy(link, "The link is copied. It holds no body, and runs nothing by itself.")}
      />
    </>
  );
}

function Run({ asked, state: { running, draft }, actions }: QuestionProps) {
  if (running)
    return (
      <button type="button" class="button" onClick={() => actions.stop()}>
        Stop
      </button>
    );
  return (
    <button
      type="button"
      class={`button ${asked.method === METHOD_OF.delete ? "danger" : "main"}`}
      aria-keyshortcuts="Control+Enter"
      disabled={draft?.problem !== undefined}
      onClick={() => void actions.run()}
    >
      <Icon name="run" />
      {isWrite(asked.method) ? `Send ${asked.method}` : "Run"}
      <kbd>Ctrl ↵</kbd>
    </button>
  );
}

/** What an empty text means. */
const HINTS: Readonly<Record<Form, string>> = {
  rjson: "Everything that the rule lets you see. Write (…), or click it together on the left.",
  url: "https://…",
  curl: "curl …",
  client: "await api.get(…)",
  http: "GET …",
};

/** Where the text is wrong: where it cannot be read, or where the server says so of the question it was. */
function wrongIn({ draft, form, asked, outcome }: State, text: string): Range | undefined {
  if (draft?.problem !== undefined) {
    const { at } = draft.problem;
    return at === undefined ? undefined : { from: at, to: at + 1 };
  }
  const refused = outcome !== undefined && outcome.asked === asked ? outcome.refused : undefined;
  return form === "rjson" && refused !== undefined ? rangeIn(text, outcome!.asked, refused) : undefined;
}
