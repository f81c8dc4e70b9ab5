import type { AccessColumn } from "../model/access.ts";
import { issuesOf, type RefusedAnswer } from "../model/refusal.ts";
import type { Asked, Plain } from "../model/request.ts";
import { ValueInput } from "./operand.tsx";
import { useOwnId } from "./own-id.ts";
import { Told } from "./part.tsx";

interface FieldsProps {
  readonly columns: Readonly<Record<string, AccessColumn>>;
  readonly body: Plain;
  /** The row as it is, where one is changed. */
  readonly before?: Plain;
  /** The write as it was sent, and why it was refused, where it was. */
  readonly asked: Asked;
  readonly refused: RefusedAnswer | undefined;
  readonly onChange: (body: Plain) => void;
}

/** The columns of a row that its writer may set, each with what the server said of it. */
export function Fields({ columns, body, before, asked, refused, onChange }: FieldsProps) {
  const writable = Object.entries(columns).filter(([, column]) => column.writable !== undefined);
  const said = new Map(
    writable.map(([name]) => [name, refused === undefined ? [] : issuesOf(asked, refused, name)]),
  );
  const isSaid = [...said.values()].some((issues) => issues.length > 0);
  return (
    <div class="fields">
      {writable.map(([name, column]) => (
        <Field
          key={name}
          name={name}
          column={column}
          value={name in body ? body[name] : before?.[name]}
          isSet={name in body}
          leave={before === undefined ? "leave out" : "undo"}
          issue={said.get(name)?.join("; ") || undefined}
          onChange={(value) => {
            const { [name]: _, ...rest } = body;
            onChange(value === undefined ? rest : { ...rest, [name]: value });
          }}
        />
      ))}
      {writable.length === 0 && <p class="aside">Nothing of it may be set.</p>}
      {refused !== undefined && !isSaid && <Told refused={refused} alert />}
    </div>
  );
}

interface FieldProps {
  readonly name: string;
  readonly column: AccessColumn;
  readonly value: unknown;
  readonly isSet: boolean;
  /** What takes it out of the body. */
  readonly leave: string;
  readonly issue: string | undefined;
  readonly onChange: (value: unknown) => void;
}

function Field({ name, column, value, isSet, leave, issue, onChange }: FieldProps) {
  const told = useOwnId();
  const needed = column.required === true;
  return (
    <div>
      <div class="label">
        <code>{name}</code>
        {needed && <span class="star">*</span>}
        <span class="aside">{describe(column)}</span>
      </div>
      <div class="line">
        <ValueInput
          label={needed ? `${name}, required` : name}
          facts={column}
          value={value}
          invalid={issue !== undefined}
          told={issue === undefined ? undefined : told}
          placeholder={value === null ? "null" : value === undefined ? "not set" : ""}
          onChange={onChange}
        />
        {column.nullable && value !== null && <Small text="null" of={name} onClick={() => onChange(null)} />}
        {isSet && <Small text={leave} of={name} onClick={() => onChange(undefined)} />}
      </div>
      {issue !== undefined && (
        <span id={told} class="problem" role="alert">
          {issue}
        </span>
      )}
    </div>
  );
}

interface SmallProps {
  readonly text: string;
  /** The field that it is of. */
  readonly of: string;
  readonly onClick: () => void;
}

const Small = ({ text, of, onClick }: SmallProps) => (
  <button type="button" class="button bare tiny" aria-label={`${of}: ${text}`} onClick={onClick}>
    {text}
  </button>
);

function describe({ kind, nullable, maxLength, writable }: AccessColumn): string {
  const most = maxLength === undefined ? "" : `, up to ${maxLength}`;
  return `${kind}${most}${nullable ? ", or null" : ""}${writable === "sometimes" ? ", on some rows" : ""}`;
}
