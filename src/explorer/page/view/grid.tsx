import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { isPlain } from "../model/notation.ts";
import { Cell, isDigits } from "./cell.tsx";
import { type Column, columnsOf, type Row, UNKNOWN } from "./columns-of.ts";
import { Icon } from "./icon.tsx";

/** Where a column stands in the order of the rows. */
export type Direction = "asc" | "desc" | undefined;

interface GridProps {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column[];
  /** The number of the first row. */
  readonly from: number;
  /** Whether rows that come, or change, are to be noticed. */
  readonly lively?: boolean;
  readonly direction?: (column: Column) => Direction;
  /** Has rows ordered by a column; nothing for one that cannot be ordered by. */
  readonly onOrder?: (column: Column) => (() => void) | undefined;
  readonly actions?: (row: Row) => ComponentChildren;
  readonly keyOf?: (row: Row) => string | undefined;
}

/** Rows as a table. What stands in relations and in documents unfolds under its row. */
export function Grid(props: GridProps) {
  const { label, rows, columns, from, lively = false, direction, onOrder, actions, keyOf } = props;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const fold = (place: string): void =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(place)) after.add(place);
      return after;
    });
  return (
    <table class="grid" aria-label={label}>
      <thead>
        <tr>
          <Corner look="at" told="row" />
          {columns.map((column) => (
            <Head
              key={column.key}
              column={column}
              direction={direction?.(column)}
              onOrder={onOrder?.(column)}
            />
          ))}
          {actions && <Corner look="own" told="what may be done" />}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => {
          const name = keyOf?.(row) ?? String(index);
          const common = { row, columns, name, open, actions, lively };
          return <Line key={name} {...common} number={from + index} onFold={fold} />;
        })}
      </tbody>
    </table>
  );
}

const Corner = ({ look, told }: { readonly look: string; readonly told: string }) => (
  <td class={look}>
    <span class="unseen">{told}</span>
  </td>
);

interface LineProps extends Pick<GridProps, "columns"> {
  readonly actions: GridProps["actions"];
  readonly lively: boolean;
  readonly row: Row;
  readonly name: string;
  readonly number: number;
  /** What is unfolded, by row and column. */
  readonly open: ReadonlySet<string>;
  readonly onFold: (place: string) => void;
}

/** A row, and what is unfolded of it. */
function Line({ row, columns, name, number, open, actions, lively, onFold }: LineProps) {
  const fresh = useChange(row, lively);
  const placeOf = ({ key }: Column): string => `${name} ${key}`;
  const unfolded = columns.filter((column) => open.has(placeOf(column)));
  return (
    <>
      <tr class={`${unfolded.length > 0 ? "open" : ""} ${fresh}`}>
        <td class="at">{number}</td>
        {columns.map((column) => (
          <td key={column.key} class={isDigits(column.kind) ? "digits" : ""}>
            <Cell
              column={column}
              value={column.read(row)}
              masked={column.masked(row)}
              open={open.has(placeOf(column))}
              onFold={() => onFold(placeOf(column))}
            />
          </td>
        ))}
        {actions && <td class="own">{actions(row)}</td>}
      </tr>
      {unfolded.map((column) => (
        <tr key={column.key}>
          <td class="inner" colSpan={columns.length + (actions === undefined ? 1 : 2)}>
            <div class="inside" role="group" tabIndex={0} aria-label={`${column.title} of ${name}`}>
              <Inner column={column} value={column.read(row)} />
            </div>
          </td>
        </tr>
      ))}
    </>
  );
}

/** Marks what is another than it was before; one mark follows the other, so that each is seen. */
function useChange(row: Row, lively: boolean): "" | "fresh" | "fresher" {
  const known = useRef({ row, times: 0 });
  if (known.current.row !== row) known.current = { row, times: known.current.times + 1 };
  const { times } = known.current;
  return !lively || times === 0 ? "" : times % 2 === 0 ? "fresh" : "fresher";
}

interface HeadProps {
  readonly column: Column;
  readonly direction: Direction;
  readonly onOrder: (() => void) | undefined;
}

function Head({ column: { title, kind }, direction, onOrder }: HeadProps) {
  const sort = { asc: "ascending", desc: "descending" } as const;
  const inside = (
    <>
      <span>{title}</span>
      {direction !== undefined && (
        <span class="arrow">
          <Icon name={direction === "asc" ? "up" : "down"} />
        </span>
      )}
      {kind !== undefined && kind !== "count" && <span class="kind">{kind}</span>}
    </>
  );
  return (
    <th scope="col" class={isDigits(kind) ? "digits" : ""} aria-sort={direction && sort[direction]}>
      {onOrder === undefined ? (
        <span class="title">{inside}</span>
      ) : (
        <button type="button" class="title" onClick={onOrder}>
          {inside}
        </button>
      )}
    </th>
  );
}

/** What unfolds: rows are a grid again, all else is written as JSON. */
function Inner({
  column: { title, kind, inner = UNKNOWN },
  value,
}: {
  readonly column: Column;
  readonly value: unknown;
}) {
  const rows: readonly Row[] | undefined =
    kind === "one" && isPlain(value)
      ? [value]
      : kind === "many" && Array.isArray(value)
        ? value.filter(isPlain)
        : undefined;
  if (rows === undefined) return <pre>{JSON.stringify(value, undefined, 2)}</pre>;
  if (rows.length === 0) return <span class="aside">No row of {title} is visible.</span>;
  const columns = columnsOf(rows, inner);
  return <Grid label={title} rows={rows} columns={columns} from={1} />;
}
