import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { METHOD_OF } from "../../../request/method.ts";
import type { Actions } from "../actions.ts";
import { ruleOf } from "../model/access.ts";
import { Digits } from "../model/digits.ts";
import { conditionsIn } from "../model/filter.ts";
import type { RefusedAnswer } from "../model/refusal.ts";
import type { Asked, Plain } from "../model/request.ts";
import { guarded, removalOf } from "../row.ts";
import type { RowAsked, State } from "../state.ts";
import { Dialog } from "./dialog.tsx";
import { Told } from "./part.tsx";

interface RemoveRowProps extends RowAsked {
  readonly state: State;
  readonly actions: Actions;
}

/** Asks whether a row is to be removed. */
export function RemoveRow({ state, actions, by, row }: RemoveRowProps) {
  const [refused, setRefused] = useState<RefusedAnswer | undefined>();
  const question = state.outcome!.asked;
  const declared = ruleOf(state.access!, question)?.params ?? [];
  const asked = removalOf({ question, by, declared });
  const removal = guarded(asked, ruleOf(state.access!, asked)?.version, row);
  const remove = async (): Promise<void> =>
    setRefused(await actions.writeRow(removal, "The row is removed."));
  const keep = (): void => actions.dialog(undefined);
  const buttons = (
    <>
      <button type="button" class="button bare" onClick={() => actions.ask(removal)}>
        As a request
      </button>
      <span class="gap" />
      <button type="button" class="button" onClick={keep}>
        Keep it
      </button>
      <button type="button" class="button danger" onClick={() => void remove()}>
        Remove
      </button>
    </>
  );
  return (
    <Dialog title="Remove this row?" onClose={keep} actions={buttons}>
      <Brief row={row} />
      {refused !== undefined && <Told refused={refused} alert />}
    </Dialog>
  );
}

/** The first that is seen of a row. */
function Brief({ row }: { readonly row: Plain }) {
  const shown = Object.entries(row).filter(
    ([, value]) => typeof value !== "object" || value instanceof Digits,
  );
  return (
    <dl class="one">
      {shown.slice(0, 4).map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{String(value)}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** Asks whether a write that may reach many rows is to be sent. */
export function Sure({ asked, actions }: { readonly asked: Asked; readonly actions: Actions }) {
  const conditions = conditionsIn(asked.select?.["where"]);
  const removes = asked.method === METHOD_OF.delete;
  return (
    <Dialog
      title={removes ? `Remove rows of ${asked.resource}?` : `Change rows of ${asked.resource}?`}
      onClose={() => actions.dialog(undefined)}
      actions={
        <>
          <button type="button" class="button" onClick={() => actions.dialog(undefined)}>
            Not now
          </button>
          <button
            type="button"
            class={`button ${removes ? "danger" : "main"}`}
            onClick={() => void actions.run(true)}
          >
            Send {asked.method}
          </button>
        </>
      }
    >
      <p>
        {conditions === 0
          ? "There is no filter: it reaches every row that the rule lets you write."
          : `It reaches every row that fits the filter, which has ${conditions === 1 ? "one condition" : `${conditions} conditions`}.`}
      </p>
    </Dialog>
  );
}
