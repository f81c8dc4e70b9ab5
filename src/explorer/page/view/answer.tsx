import { useMemo } from "preact/hooks";
import type { Actions } from "../actions.ts";
import { bytes, milliseconds } from "../format.ts";
import { ruleOf } from "../model/access.ts";
import { isPlain } from "../model/notation.ts";
import { isWrite } from "../model/request.ts";
import type { Look, State } from "../state.ts";
import { Chart } from "./chart.tsx";
import { Tabs } from "./choice.tsx";
import { figuresOf, type Row } from "./columns-of.ts";
import { Empty } from "./empty.tsx";
import { Explanation } from "./explanation.tsx";
import { JSONText } from "./json-text.tsx";
import { knownOf } from "./known.ts";
import { Refusal, statusOf } from "./refusal.tsx";
import { Rows } from "./rows.tsx";

interface AnswerProps {
  readonly state: State;
  readonly actions: Actions;
}

/** What came of the question: rows, their JSON, a chart, or why it was refused. */
export function Answer({ state, actions }: AnswerProps) {
  const { outcome, running, look, inspects } = state;
  const chart = useMemo(() => chartOf(state), [outcome, state.access]);
  const looks: readonly (readonly [Look, string])[] = [
    ["rows", "Rows"],
    ["json", "JSON"],
    ...(chart === undefined ? [] : [["chart", "Chart"] as const]),
    ...(inspects ? [["why", "Explain"] as const] : []),
  ];
  return (
    <section
      class="answer"
      id="answer"
      aria-label="Answer"
      aria-busy={running ? "true" : "false"}
      tabIndex={-1}
    >
      <div class="head">
        <Tabs label="View" options={looks} chosen={look} of="view" onChoose={(next) => actions.look(next)} />
        <Live state={state} onToggle={() => actions.toggleLive()} />
        <span class="gap" />
        <Facts state={state} />
      </div>
      <View state={state} actions={actions} chart={chart} />
    </section>
  );
}

function View({ state, actions, chart }: AnswerProps & { readonly chart: ReturnType<typeof chartOf> }) {
  const { outcome, look, running, inspects } = state;
  const busy = running && <div class="busy" role="progressbar" aria-label="Waiting for the answer" />;
  const isRows = look === "rows" && outcome !== undefined && outcome.refused === undefined;
  if (isRows) return <Rows state={state} actions={actions} outcome={outcome} busy={busy} />;
  const explain = inspects && (
    <button type="button" class="button why" onClick={() => actions.look("why")}>
      Explain it
    </button>
  );
  return (
    <div class="view" id="view" role="tabpanel" aria-label="View" tabIndex={0}>
      {busy}
      {look === "why" ? (
        <Why state={state} />
      ) : outcome === undefined ? (
        <NothingYet />
      ) : outcome.refused !== undefined ? (
        <Refusal refused={outcome.refused}>{explain}</Refusal>
      ) : look === "chart" && chart !== undefined ? (
        <Chart {...chart} />
      ) : (
        <JSONText value={outcome.body} />
      )}
    </div>
  );
}

function Why({ state: { why } }: { readonly state: State }) {
  if (why === undefined) return <Empty icon="paper" title="Asking why…" />;
  return "rules" in why ? <Explanation told={why} /> : <Refusal refused={why} />;
}

const NothingYet = () => (
  <Empty icon="run" title="Nothing asked yet">
    Click a question together, then press <kbd>Ctrl</kbd> <kbd>Enter</kbd>. Nothing runs by itself.
  </Empty>
);

/** What a chart can be made of: groups by one thing, and numbers about them. */
function chartOf({ outcome, access }: State) {
  const body = outcome?.body;
  if (
    outcome === undefined ||
    access === undefined ||
    outcome.asked.aggregate === undefined ||
    !isPlain(body)
  )
    return undefined;
  const found = body[outcome.asked.resource];
  const rows: readonly Row[] = Array.isArray(found) ? found.filter(isPlain) : [];
  if (rows.length === 0 || !rows.every((row) => isPlain(row["group"]))) return undefined;
  const columns = figuresOf(rows, knownOf(access, outcome.asked));
  const groups = columns.filter(({ group }) => group === true);
  const figures = columns.filter((column) => column.kind === "count");
  return groups.length === 1 && figures.length > 0 ? { rows, group: groups[0]!, figures } : undefined;
}

/** The status, the time and the size of an answer. */
function Facts({ state: { outcome, running } }: { readonly state: State }) {
  if (outcome === undefined) return null;
  const { status, milliseconds: time, bytes: size } = outcome;
  return (
    <div class="facts" role="status">
      <span class={`mark ${outcome.refused === undefined ? "good" : "danger"}`}>
        {outcome.refused === undefined ? status : statusOf(outcome.refused)}
      </span>
      {outcome.asked.dryRun === true && outcome.refused === undefined && (
        <span>tried out, nothing is kept</span>
      )}
      {time > 0 && <span>{running ? "…" : milliseconds(time)}</span>}
      {size > 0 && <span>{bytes(size)}</span>}
    </div>
  );
}

/** What each status is called, and how it looks. */
const STATUS = {
  off: ["Live", ""],
  idle: ["Live", ""],
  ended: ["Live", ""],
  connecting: ["Connecting", "waiting"],
  live: ["Live", "on"],
  disconnected: ["Disconnected", "waiting"],
} as const;

/** Has the answer kept true, where the rule lets it. */
function Live({
  state: { access, asked, live },
  onToggle,
}: {
  readonly state: State;
  readonly onToggle: () => void;
}) {
  if (access === undefined || asked === undefined) return null;
  if (live === "off" && (isWrite(asked.method) || ruleOf(access, asked)?.live !== true)) return null;
  const [text, look] = STATUS[live];
  return (
    <button type="button" class={`button bare live ${look}`} aria-pressed={live !== "off"} onClick={onToggle}>
      <span class="dot" />
      {text}
    </button>
  );
}
