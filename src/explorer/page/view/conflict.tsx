import { textOf } from "../format.ts";
import type { Plain } from "../model/request.ts";

interface ConflictProps {
  /** The row as it was seen, and as it is now. */
  readonly before: Plain;
  readonly now: Plain;
  /** What was to be written. */
  readonly body: Plain;
}

/** Says that somebody else has changed a row, and shows both versions where they are not the same. */
export function Conflict({ before, now, body }: ConflictProps) {
  const names = [...new Set([...Object.keys(body), ...Object.keys(now)])].filter(
    (name) => name in body || textOf(now[name]) !== textOf(before[name]),
  );
  return (
    <div role="alert">
      <p class="problem">Somebody changed it since you read it.</p>
      <table class="sheet" aria-label="Both versions">
        <thead>
          <tr>
            <th scope="col">column</th>
            <th scope="col">as you read it</th>
            <th scope="col">now</th>
            <th scope="col">yours</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td>{textOf(before[name])}</td>
              <td>{textOf(now[name])}</td>
              <td>{name in body ? textOf(body[name]) : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
