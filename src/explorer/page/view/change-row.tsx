import { useState } from "preact/hooks";
import type { Actions } from "../actions.ts";
import { ruleOf } from "../model/access.ts";
import type { RefusedAnswer } from "../model/refusal.ts";
import type { Asked, Plain } from "../model/request.ts";
import { changeOf, guarded, readingOf } from "../row.ts";
import type { RowAsked, State } from "../state.ts";
import { Conflict } from "./conflict.tsx";
import { Dialog } from "./dialog.tsx";
import { Fields } from "./fields.tsx";

interface ChangeRowProps extends RowAsked {
  readonly state: State;
  readonly actions: Actions;
}

/** Changes a row of the grid by its key: only what was changed is sent. */
export function ChangeRow({ state, actions, row, by }: ChangeRowProps) {
  const { access, outcome } = state;
  const [body, setBody] = useState<Plain>({});
  const { refused, theirs, write } = useWriting(actions);
  const now = theirs ?? row;
  const question = outcome!.asked;
  const key = { question, by, declared: ruleOf(access!, question)?.params ?? [] };
  const asked = changeOf(key, body);
  const rule = ruleOf(access!, asked);
  const change: Asked = guarded(asked, rule?.version, now);
  const isChanged = Object.keys(body).length > 0;
  const save = (): void => void write(change, readingOf(key));
  const isOvertaken = theirs !== undefined && refused?.code === OVERTAKEN;
  const buttons = (
    <Buttons
      save={isOvertaken ? "Save over it" : "Save"}
      disabled={!isChanged}
      onAsk={() => actions.ask(change)}
      onSave={save}
    />
  );
  return (
    <Dialog
      title={`Change ${Object.values(by).join(" ")}`}
      onClose={() => actions.dialog(undefined)}
      onSubmit={() => isChanged && save()}
      actions={buttons}
    >
      {isOvertaken && <Conflict before={row} now={now} body={body} />}
      <Fields
        columns={rule?.columns ?? {}}
        body={body}
        before={now}
        asked={change}
        refused={isOvertaken ? undefined : refused}
        onChange={(next) => setBody(difference(now, next))}
      />
    </Dialog>
  );
}

const OVERTAKEN = "precondition-failed";

/** Writes a row; of one that somebody else has changed since, it reads what it is now. */
function useWriting(actions: Actions) {
  const [refused, setRefused] = useState<RefusedAnswer | undefined>();
  const [theirs, setTheirs] = useState<Plain | undefined>();
  const write = async (change: Asked, reading: Asked): Promise<void> => {
    const refusal = await actions.writeRow(change, "The row is changed.");
    if (refusal?.code === OVERTAKEN) setTheirs(await actions.readRow(reading));
    setRefused(refusal);
  };
  return { refused, theirs, write };
}

interface ButtonsProps {
  readonly save: string;
  readonly disabled: boolean;
  readonly onAsk: () => void;
  readonly onSave: () => void;
}

const Buttons = ({ save, disabled, onAsk, onSave }: ButtonsProps) => (
  <>
    <button type="button" class="button bare" disabled={disabled} onClick={onAsk}>
      As a request
    </button>
    <span class="gap" />
    <button type="button" class="button main" disabled={disabled} onClick={onSave}>
      {save}
    </button>
  </>
);

/** What of a row is another now. */
const difference = (before: Plain, after: Plain): Plain =>
  Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  );
