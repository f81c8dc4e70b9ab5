import type { AccessRule } from "../../../access/access.ts";
import { METHOD_OF } from "../../../request/method.ts";
import { type Desk, refusedParameter } from "../desk.ts";
import { ruleOf } from "../model/access.ts";
import { setDryRun } from "../model/edit.ts";
import { type Met, meetingOf, ON_CONFLICT, setMeeting } from "../model/meeting.ts";
import { Choice } from "./choice.tsx";
import { Check, Pick } from "./controls.tsx";
import { Part } from "./part.tsx";

interface WritingProps {
  readonly desk: Desk;
  readonly rule: AccessRule;
}

/** How a write is done, where its rule leaves a choice. */
export function WritingPart({ desk, rule }: WritingProps) {
  const { asked, edit } = desk;
  const { meets = [], dryRun } = rule;
  // What was typed, and the rule does not let, is seen here too, and can be taken back.
  const mayTry = dryRun ?? asked.dryRun ?? false;
  if (meets.length === 0 && !mayTry) return null;
  return (
    <Part title="How it is written" refused={refusedParameter(desk, ON_CONFLICT)}>
      {meets.length > 0 && <Meeting desk={desk} keys={meets} />}
      {mayTry && (
        <Check
          title="all of it is done, answered, and taken back"
          checked={asked.dryRun === true}
          onChange={(on) => edit((question) => setDryRun(question, on))}
        >
          only try it out
        </Check>
      )}
    </Part>
  );
}

/** What becomes of rows that new ones meet, and by which key they meet. */
function Meeting({ desk, keys }: { readonly desk: Desk; readonly keys: readonly (readonly string[])[] }) {
  const { access, asked, edit } = desk;
  const { met, target } = meetingOf(asked);
  const mayChange = ruleOf(access, { ...asked, method: METHOD_OF.update }) !== undefined;
  const options: readonly (readonly [Met, string])[] = [
    ["refused", "refused"],
    ...(mayChange || met === "changed" ? [["changed", "changed"] as const] : []),
    ["left", "left as it is"],
  ];
  const chosen = keys.find(
    (key) => key.length === target.length && key.every((name) => target.includes(name)),
  );
  const key = chosen ?? keys[0]!;
  return (
    <div class="line">
      <span>A row that is there already is</span>
      <Choice
        label="What becomes of a row that is there already"
        options={options}
        chosen={met}
        onChoose={(next) => edit((question) => setMeeting(question, { met: next, target: key }))}
      />
      {met !== "refused" && (
        <Pick
          label="The key by which it is found"
          chosen={key.join(", ")}
          options={keys.map((names) => names.join(", "))}
          onPick={(text) => {
            const next = keys.find((names) => names.join(", ") === text)!;
            edit((question) => setMeeting(question, { met, target: next }));
          }}
        />
      )}
    </div>
  );
}
