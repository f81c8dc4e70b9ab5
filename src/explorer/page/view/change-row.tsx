import { useState } from "preact/hooks";
import type { Actions } from "../actions.ts";
import { ruleOf } from "../model/access.ts";
import type { Refused } from "../model/refusal.ts";
import type { Asked, Plain } from "../model/request.ts";
import { changeOf } from "../row.ts";
import type { RowAsked, State } from "../state.ts";
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
  const [refused, setRefused] = useState<Refused | undefined>();
  const question = outcome!.asked;
  const declared = ruleOf(access!, question)?.params ?? [];
  const change: Asked = changeOf({ question, by, declared }, body);
  const isChanged = Object.keys(body).length > 0;
  const save = async (): Promise<void> => setRefused(await actions.writeRow(change, "The row is changed."));
  const buttons = (
    <>
      <button type="button" class="button bare" disabled={!isChanged} onClick={() => actions.ask(change)}>
        As a request
      </button>
      <span class="gap" />
      <button type="button" class="button main" disabled={!isChanged} onClick={() => void save()}>
        Save
      </button>
    </>
  );
  return (
    <Dialog
      title={`Change ${Object.values(by).join(" ")}`}
      onClose={() => actions.dialog(undefined)}
      onSubmit={() => isChanged && void save()}
      actions={buttons}
    >
      <Fields
        columns={ruleOf(access!, change)?.columns ?? {}}
        body={body}
        before={row}
        asked={change}
        refused={refused}
        onChange={(next) => setBody(difference(row, next))}
      />
    </Dialog>
  );
}

/** What of a row is another now. */
const difference = (before: Plain, after: Plain): Plain =>
  Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  );
