import { type PlaceProps, refusedAt } from "../desk.ts";
import type { AccessColumn } from "../model/access.ts";
import { hasColumn, setColumns, toggleColumn } from "../model/edit.ts";
import { Icon } from "./icon.tsx";
import { Part } from "./part.tsx";

/** Which columns are answered; computed fields are among them. */
export function Columns({ desk, path, spot }: PlaceProps) {
  const { asked, edit } = desk;
  const readable = Object.entries(spot.columns).filter(([, { readable }]) => readable === true);
  const all = [...readable.map(([name]) => name), ...spot.extras];
  if (!spot.takes.includes("columns") || all.length === 0) return null;
  const chosen = all.filter((name) => hasColumn(asked, path, name));
  const isAll = chosen.length === all.length;
  const setAll = (): void => edit((question) => setColumns(question, path, isAll ? [] : all, all));
  return (
    <Part
      title="Columns"
      count={isAll ? 0 : chosen.length}
      refused={refusedAt(desk, path, "columns")}
      actions={
        <button type="button" class="button bare tiny" onClick={setAll}>
          {isAll ? "None" : "All"}
        </button>
      }
    >
      <div class="chips">
        {all.map((name) => (
          <ColumnChip
            key={name}
            name={name}
            column={spot.columns[name]}
            chosen={chosen.includes(name)}
            onToggle={() => edit((question) => toggleColumn(question, path, name, all))}
          />
        ))}
      </div>
    </Part>
  );
}

interface ColumnChipProps {
  readonly name: string;
  /** Nothing of a computed field. */
  readonly column: AccessColumn | undefined;
  readonly chosen: boolean;
  readonly onToggle: () => void;
}

function ColumnChip({ name, column, chosen, onToggle }: ColumnChipProps) {
  const masked = column?.masked === true;
  const kind = column?.kind ?? "computed";
  return (
    <button
      type="button"
      class="chip"
      aria-pressed={chosen}
      title={masked ? `${kind}, masked on some rows` : kind}
      onClick={onToggle}
    >
      {name}
      {masked && (
        <span class="note">
          <Icon name="lock" />
          <span class="unseen">masked on some rows</span>
        </span>
      )}
    </button>
  );
}
