interface NumberFieldProps {
  readonly label: string;
  readonly value: unknown;
  readonly placeholder: string;
  /** Nothing where the field is empty. */
  readonly onChange: (value: number | undefined) => void;
}

/** A whole number, or nothing. */
export function NumberField({ label, value, placeholder, onChange }: NumberFieldProps) {
  return (
    <label>
      <span>{label}</span>
      <input
        class="field"
        type="number"
        min={0}
        step={1}
        placeholder={placeholder}
        value={typeof value === "number" ? value : ""}
        onInput={({ currentTarget }) =>
          onChange(currentTarget.value === "" ? undefined : Number(currentTarget.value))
        }
      />
    </label>
  );
}
