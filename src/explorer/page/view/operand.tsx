import { useState } from "preact/hooks";
import { textOf } from "../format.ts";
import type { AccessColumn, OperandKind } from "../model/access.ts";
import { parseJSON } from "../model/digits.ts";

/** The facts of a column that say how its values are typed in. */
interface Facts {
  readonly kind: AccessColumn["kind"];
  readonly values?: AccessColumn["values"];
}

interface InputProps {
  readonly label: string;
  readonly facts: Facts;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly invalid?: boolean | undefined;
  /** The id of what is said of it. */
  readonly told?: string | undefined;
  readonly placeholder?: string | undefined;
}

/** One value of a column, typed in as its kind wants it. */
export function ValueInput(props: InputProps) {
  const { facts, value, onChange } = props;
  if (facts.kind === "boolean") return <OneOf {...props} members={TRUTHS} />;
  if (facts.values !== undefined)
    return <OneOf {...props} members={new Map(facts.values.map((text) => [text, text]))} />;
  if (facts.kind === "date") return <DateInput {...props} />;
  return (
    <input
      {...attributesOf(props)}
      type="text"
      inputMode={DIGITS.has(facts.kind) ? "decimal" : undefined}
      value={value === null ? "" : typedAs(value)}
      placeholder={props.placeholder ?? (value === null ? "null" : facts.kind)}
      spellcheck={false}
      autocomplete="off"
      onInput={({ currentTarget }) => onChange(readText(currentTarget.value, facts))}
    />
  );
}

const DIGITS: ReadonlySet<string> = new Set(["integer", "number", "decimal", "bigint"]);

const attributesOf = ({ label, invalid, told }: Pick<InputProps, "label" | "invalid" | "told">) => ({
  class: "field",
  "aria-label": label,
  "aria-invalid": invalid === true ? ("true" as const) : undefined,
  "aria-describedby": told,
});

/** A value as it is typed; nothing is not typed. */
const typedAs = (value: unknown): string => (value === undefined ? "" : textOf(value));

/** The value of a typed text: what is no number yet stays text, and the server says what it thinks of it. */
function readText(text: string, { kind }: Pick<Facts, "kind">): unknown {
  if (kind === "integer" || kind === "number") {
    const number = Number(text);
    return text.trim() === "" || String(number) !== text.trim() ? text : number;
  }
  if (kind !== "json" && kind !== "array" && kind !== "custom") return text;
  try {
    return parseJSON(text);
  } catch {
    return text;
  }
}

const TRUTHS: ReadonlyMap<string, unknown> = new Map([
  ["true", true],
  ["false", false],
]);

interface OneOfProps extends InputProps {
  /** The values by how they are written. */
  readonly members: ReadonlyMap<string, unknown>;
}

/** One of a few values; what stands there and is none of them is shown too. */
function OneOf({ members, value, onChange, ...props }: OneOfProps) {
  const now = typedAs(value);
  const names = members.has(now) ? [...members.keys()] : [now, ...members.keys()];
  return (
    <select
      {...attributesOf(props)}
      value={now}
      onChange={({ currentTarget }) => onChange(members.get(currentTarget.value) ?? value)}
    >
      {names.map((name) => (
        <option key={name} value={name}>
          {name === "" ? "choose…" : name}
        </option>
      ))}
    </select>
  );
}

/** A moment by the clocks of UTC, as answers write it. */
function DateInput({ value, onChange, ...props }: InputProps) {
  const date = typeof value === "string" || typeof value === "number" ? new Date(value) : undefined;
  const isDate = date !== undefined && !Number.isNaN(date.getTime()) && value !== "";
  return (
    <input
      {...attributesOf(props)}
      type="datetime-local"
      step={1}
      title="by the clocks of UTC"
      value={isDate ? date.toISOString().slice(0, 19) : ""}
      onChange={({ currentTarget }) => {
        const typed = new Date(`${currentTarget.value}Z`);
        if (!Number.isNaN(typed.getTime())) onChange(typed.toISOString());
      }}
    />
  );
}

/** Several values, parted by commas. */
function ListInput({ label, facts, value, onChange }: InputProps) {
  const [text, setText] = useState<string | undefined>();
  const list = Array.isArray(value) ? value : [];
  const read = (typed: string): readonly unknown[] =>
    typed
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
      .map((item) => readText(item, facts));
  return (
    <input
      {...attributesOf({ label: `${label}, parted by commas` })}
      type="text"
      placeholder="a, b, c"
      spellcheck={false}
      autocomplete="off"
      value={text ?? list.map(textOf).join(", ")}
      onBlur={() => setText(undefined)}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        onChange(read(currentTarget.value));
      }}
    />
  );
}

interface OperandProps {
  readonly label: string;
  readonly operand: OperandKind | undefined;
  readonly column: Facts;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

/** The kinds of what is not a value of the column itself. */
const KINDS: Readonly<Partial<Record<OperandKind, Facts>>> = {
  flag: { kind: "boolean" },
  json: { kind: "json" },
  text: { kind: "text" },
};

/** What stands on the right of an operator. */
export function Operand({ label, operand = "value", column, value, onChange }: OperandProps) {
  if (operand === "list") return <ListInput label={label} facts={column} value={value} onChange={onChange} />;
  if (operand !== "pair")
    return <ValueInput label={label} facts={KINDS[operand] ?? column} value={value} onChange={onChange} />;
  const [low, high] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  return (
    <>
      <ValueInput
        label={`${label}, from`}
        facts={column}
        value={low}
        onChange={(next) => onChange([next, high])}
      />
      <ValueInput
        label={`${label}, to`}
        facts={column}
        value={high}
        onChange={(next) => onChange([low, next])}
      />
    </>
  );
}
