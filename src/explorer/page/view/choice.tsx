import type { TargetedKeyboardEvent } from "preact";

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}

/** One of a few, all of which are seen. */
export function Choice<Value extends string>({ label, options, chosen, onChoose }: ChoiceProps<Value>) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([value, text]) => (
        <button key={value} type="button" aria-pressed={value === chosen} onClick={() => onChoose(value)}>
          {text}
        </button>
      ))}
    </div>
  );
}

interface TabsProps<Value extends string> extends ChoiceProps<Value> {
  /** The element whose content they choose. */
  readonly of: string;
}

/** Sheets of which one lies on top: arrows lead from one to the next. */
export function Tabs<Value extends string>({ label, options, chosen, onChoose, of }: TabsProps<Value>) {
  const step = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = options.findIndex(([value]) => value === chosen);
    const next = (at + by + options.length) % options.length;
    onChoose(options[next]![0]);
    const tabs = event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]");
    tabs[next]!.focus();
  };
  return (
    <div class="choice" role="tablist" aria-label={label} onKeyDown={step}>
      {options.map(([value, text]) => (
        <button
          key={value}
          type="button"
          role="tab"
          aria-selected={value === chosen}
          aria-controls={of}
          tabIndex={value === chosen ? 0 : -1}
          onClick={() => onChoose(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
