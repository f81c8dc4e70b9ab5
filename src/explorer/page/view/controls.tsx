import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

interface IconButtonProps {
  readonly icon: IconName;
  /** What it does, for who points at it and for who does not see it. */
  readonly label: string;
  readonly onClick: () => void;
  readonly large?: boolean;
  readonly disabled?: boolean;
}

/** A button that is a drawing. */
export function IconButton({ icon, label, onClick, large = false, disabled = false }: IconButtonProps) {
  const size = large ? "" : "tiny";
  return (
    <button
      type="button"
      class={`button bare icon ${size}`}
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

interface PickProps {
  readonly label: string;
  readonly chosen: string;
  readonly options: readonly (string | readonly [value: string, text: string])[];
  readonly onPick: (value: string) => void;
  /** How it looks; a field where it is not said. */
  readonly look?: string;
}

/** One of many. */
export function Pick({ label, chosen, options, onPick, look = "field" }: PickProps) {
  return (
    <select
      class={look}
      aria-label={label}
      value={chosen}
      onChange={({ currentTarget }) => onPick(currentTarget.value)}
    >
      {options.map((option) => {
        const [value, text] = typeof option === "string" ? [option, option] : option;
        return (
          <option key={value} value={value}>
            {text}
          </option>
        );
      })}
    </select>
  );
}

interface AddMenuProps {
  readonly label: string;
  readonly text: string;
  /** What may be added, by what it is; a group of nothing is left out. */
  readonly groups: Readonly<Record<string, readonly (string | readonly [value: string, text: string])[]>>;
  readonly onAdd: (group: string, value: string) => void;
}

/** Adds one of many: it shows nothing chosen. */
export function AddMenu({ label, text, groups, onAdd }: AddMenuProps) {
  const filled = Object.entries(groups).filter(([, options]) => options.length > 0);
  if (filled.length === 0) return null;
  const add = (target: HTMLSelectElement): void => {
    const [group, index] = target.value.split(":");
    const option = groups[group!]![Number(index)]!;
    target.value = "";
    onAdd(group!, typeof option === "string" ? option : option[0]);
  };
  return (
    <select
      class="button bare tiny"
      aria-label={label}
      value=""
      onChange={({ currentTarget }) => add(currentTarget)}
    >
      <option value="">{text}</option>
      {filled.map(([group, options]) => (
        <optgroup key={group} label={group}>
          {options.map((option, index) => (
            <option key={index} value={`${group}:${index}`}>
              {typeof option === "string" ? option : option[1]}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

interface CheckProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly title?: string | undefined;
  readonly children: ComponentChildren;
}

/** Yes or no. */
export function Check({ checked, onChange, title, children }: CheckProps) {
  return (
    <label class="check" title={title}>
      <input
        type="checkbox"
        checked={checked}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      {children}
    </label>
  );
}
