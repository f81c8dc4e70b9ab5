import { brief, moment, nameOf, precise, stretch, stretchIn, textOf } from "../format.ts";
import { Digits } from "../model/digits.ts";
import { isPlain } from "../model/notation.ts";
import type { Column } from "./columns-of.ts";
import { Icon } from "./icon.tsx";

/** The kinds that are read from the right. */
export const isDigits = (kind: Column["kind"]): boolean =>
  kind === "integer" || kind === "number" || kind === "decimal" || kind === "bigint" || kind === "count";

interface CellProps {
  readonly column: Column;
  readonly value: unknown;
  readonly masked: boolean;
  /** What unfolds it, where it is more than one line. */
  readonly open: boolean;
  readonly onFold: () => void;
}

/** One value: whatever it holds is text. */
export function Cell({ column, value, masked, open, onFold }: CellProps) {
  const { key, kind, title } = column;
  if (masked) return <Masked />;
  if (value === undefined) return <Absent />;
  if (value === null) return <span class="null">null</span>;
  if (typeof value === "object" && !(value instanceof Digits)) {
    const text = foldedOf(value, kind);
    const look = kind === "one" || kind === "many" ? "fold" : "fold document";
    return (
      <button
        type="button"
        class={look}
        aria-expanded={open}
        aria-label={`${title}: ${text}`}
        onClick={onFold}
      >
        <Icon name="fold" />
        <span>{text}</span>
      </button>
    );
  }
  if (kind === "date" && typeof value === "string") return <Moment text={value} bucket={stretchIn(key)} />;
  if (typeof value === "boolean")
    return <span class={value ? "truth" : "truth absent"}>{String(value)}</span>;
  const text = kind === "count" && typeof value === "number" ? rounded(value) : textOf(value);
  const isCut = text.length > 30 || text !== textOf(value);
  return (
    <span class="text" title={isCut ? textOf(value) : undefined}>
      {text}
    </span>
  );
}

const Moment = ({ text, bucket }: { readonly text: string; readonly bucket: string | undefined }) => (
  <time dateTime={text} title={precise(text)}>
    {bucket === undefined ? moment(text) : stretch(text, bucket)}
  </time>
);

const Masked = () => (
  <span class="masked" title="the rule does not let it out on this row">
    <Icon name="lock" />
    masked
  </span>
);

const Absent = () => (
  <span class="absent" title="not part of this row">
    –
  </span>
);

/** A number about rows, to four places; it is told whole where one points. */
const rounded = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toFixed(4)));

/** What folded values are called. */
function foldedOf(value: object, kind: Column["kind"]): string {
  if (kind === "one" && isPlain(value)) return nameOf(value);
  if (kind === "many" && Array.isArray(value)) return value.length === 1 ? "1 row" : `${value.length} rows`;
  return brief(value);
}
