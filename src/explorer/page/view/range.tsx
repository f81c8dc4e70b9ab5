import type { PlaceProps } from "../desk.ts";
import { nodeAt, setLimit, setOffset } from "../model/edit.ts";
import { NumberField } from "./number-field.tsx";

/** How many rows of a place come, and how many are skipped before them. */
export function Range({ desk: { asked, edit }, path, spot }: PlaceProps) {
  const { limit, offset } = nodeAt(asked, path);
  const most = spot.limits.maxLimit;
  if (!spot.takes.includes("limit") && !spot.takes.includes("offset")) return null;
  return (
    <div class="numbers">
      {spot.takes.includes("limit") && (
        <NumberField
          label="limit"
          value={limit}
          placeholder={most === null ? "no bound" : `up to ${most}`}
          onChange={(next) => edit((question) => setLimit(question, path, next))}
        />
      )}
      {spot.takes.includes("offset") && (
        <NumberField
          label="offset"
          value={offset}
          placeholder="0"
          onChange={(next) => edit((question) => setOffset(question, path, next))}
        />
      )}
    </div>
  );
}
