import type { ComponentChildren } from "preact";

interface FootProps {
  /** What is seen of how many. */
  readonly range: string;
  readonly size: number | undefined;
  readonly sizes: readonly number[];
  readonly onSize: (size: number) => void;
  readonly onBack: (() => void) | undefined;
  readonly onOn: (() => void) | undefined;
  readonly children?: ComponentChildren;
}

/** Leads from page to page. */
export function Foot({ range, size, sizes, onSize, onBack, onOn, children }: FootProps) {
  return (
    <div class="foot">
      <output aria-live="polite">{range}</output>
      {children}
      <span class="gap" />
      <label>
        rows{" "}
        <select
          class="field"
          value={size}
          aria-label="Rows on a page"
          onChange={({ currentTarget }) => onSize(Number(currentTarget.value))}
        >
          {sizes.map((count) => (
            <option key={count} value={count}>
              {count}
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="button tiny" disabled={onBack === undefined} onClick={onBack}>
        Previous
      </button>
      <button type="button" class="button tiny" disabled={onOn === undefined} onClick={onOn}>
        Next
      </button>
    </div>
  );
}
