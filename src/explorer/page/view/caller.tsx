import { useState } from "preact/hooks";
import { readHeaderLines } from "../model/call.ts";
import { Dialog } from "./dialog.tsx";

interface CallerProps {
  readonly roles: readonly string[] | undefined;
  readonly headers: string;
  readonly onApply: (headers: string) => void;
  readonly onClose: () => void;
}

/** Who asks is who the application says it is: by its cookies, or by headers that are kept while the page is open. */
export function Caller({ roles, headers, onApply, onClose }: CallerProps) {
  const [lines, setLines] = useState(headers);
  const wrong = wrongLine(lines);
  const apply = (): void => {
    if (wrong === undefined) onApply(lines);
  };
  const actions = (
    <>
      {headers !== "" && (
        <button type="button" class="button bare" onClick={() => onApply("")}>
          Forget the headers
        </button>
      )}
      <span class="gap" />
      <button type="button" class="button main" disabled={wrong !== undefined} onClick={apply}>
        Reload as who I am now
      </button>
    </>
  );
  return (
    <Dialog title="Who asks" onClose={onClose} onSubmit={apply} actions={actions}>
      <p>{whoIs(roles)}</p>
      <p class="aside">
        Requests carry this origin's cookies. Sign in or out{" "}
        <a href="/" target="_blank" rel="noreferrer">
          in the application
        </a>
        , as anybody does, then come back: what you may do here changes with it.
      </p>
      <HeaderLines lines={lines} wrong={wrong} onChange={setLines} />
    </Dialog>
  );
}

interface HeaderLinesProps {
  readonly lines: string;
  readonly wrong: string | undefined;
  readonly onChange: (lines: string) => void;
}

function HeaderLines({ lines, wrong, onChange }: HeaderLinesProps) {
  return (
    <>
      <label>
        Header lines, for an application that takes a token
        <textarea
          class="field mono"
          rows={3}
          value={lines}
          placeholder="Authorization: Bearer …"
          spellcheck={false}
          autocomplete="off"
          aria-describedby="headers-told"
          aria-invalid={wrong === undefined ? undefined : "true"}
          onInput={({ currentTarget }) => onChange(currentTarget.value)}
        />
      </label>
      <p id="headers-told" class={wrong === undefined ? "aside" : "problem"}>
        {wrong ??
          "They are kept until this page is left, are never stored, and never stand in what you copy."}
      </p>
    </>
  );
}

const whoIs = (roles: readonly string[] | undefined): string =>
  roles === undefined
    ? "The server does not say as whom you ask; what you may do is on the left."
    : roles.length === 0
      ? "You ask as a guest."
      : `You ask as ${roles.join(", ")}.`;

/** Why a line is no header. */
function wrongLine(lines: string): string | undefined {
  const [first] = readHeaderLines(lines).wrong;
  return first === undefined
    ? undefined
    : `line ${first + 1} is no header that may be set: write a name, a colon and a value`;
}
