import { useState } from "preact/hooks";
import { type Desk, refusedBody } from "../desk.ts";
import type { Spot } from "../model/access.ts";
import { parseJSON } from "../model/digits.ts";
import { setBody } from "../model/edit.ts";
import { isPlain } from "../model/notation.ts";
import { Choice } from "./choice.tsx";
import { Fields } from "./fields.tsx";
import { Part } from "./part.tsx";

/** What a write sends: as a form made of the columns that may be set, or as JSON, where rows of relations fit in too. */
export function BodyPart({ desk, spot }: { readonly desk: Desk; readonly spot: Spot }) {
  const { asked, edit, refused } = desk;
  const [wished, setForm] = useState<"form" | "json">("form");
  const body = asked.body ?? {};
  const form = isPlain(body) ? wished : "json";
  const isOfBody = refusedBody(desk) !== undefined || refused?.issues !== undefined;
  return (
    <Part
      title="Body"
      refused={isOfBody && form === "json" ? refused : undefined}
      actions={
        <Choice
          label="How the body is written"
          options={[
            ["form", "Form"],
            ["json", "JSON"],
          ]}
          chosen={form}
          onChoose={setForm}
        />
      }
    >
      {form === "form" && isPlain(body) ? (
        <Fields
          columns={spot.columns}
          body={body}
          asked={asked}
          refused={isOfBody ? refused : undefined}
          onChange={(next) => edit((question) => setBody(question, next))}
        />
      ) : (
        <JSONBody body={body} onChange={(next) => edit((question) => setBody(question, next))} />
      )}
    </Part>
  );
}

interface JSONBodyProps {
  readonly body: unknown;
  readonly onChange: (body: unknown) => void;
}

function JSONBody({ body, onChange }: JSONBodyProps) {
  const [text, setText] = useState<string | undefined>();
  const [problem, setProblem] = useState<string | undefined>();
  return (
    <>
      <textarea
        class="field mono"
        rows={8}
        aria-label="The body as JSON"
        aria-invalid={problem === undefined ? undefined : "true"}
        spellcheck={false}
        value={text ?? JSON.stringify(body, undefined, 2)}
        onBlur={() => problem === undefined && setText(undefined)}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          try {
            onChange(parseJSON(currentTarget.value));
            setProblem(undefined);
          } catch (error) {
            setProblem(error instanceof Error ? error.message : "this is no JSON");
          }
        }}
      />
      {problem !== undefined && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}
