import type { ComponentChildren } from "preact";
import type { RefusedAnswer } from "../model/refusal.ts";
import { useOwnId } from "./own-id.ts";
import { Said } from "./said.tsx";

interface PartProps {
  readonly title: string;
  /** How many of it are asked for. */
  readonly count?: number;
  readonly actions?: ComponentChildren;
  readonly refused?: RefusedAnswer | undefined;
  readonly children?: ComponentChildren;
}

/** A part of the question, with what the server said of it. */
export function Part({ title, count = 0, actions, refused, children }: PartProps) {
  const heading = useOwnId();
  return (
    <div role="group" class={`part ${refused === undefined ? "" : "refused"}`} aria-labelledby={heading}>
      <header>
        <h3 id={heading}>
          {title}
          {count > 0 && <span class="count">{count}</span>}
        </h3>
        {actions}
      </header>
      {children}
      {refused !== undefined && <Told refused={refused} />}
    </div>
  );
}

interface ToldProps {
  readonly refused: Pick<RefusedAnswer, "error" | "hint">;
  /** Whether it is said nowhere else. */
  readonly alert?: boolean;
}

/** What the server said, in a line, where it belongs. */
export function Told({ refused: { error, hint }, alert = false }: ToldProps) {
  return (
    <p class="problem" role={alert ? "alert" : undefined}>
      <Said text={error} />
      {hint !== undefined && (
        <span class="hint">
          {" · "}
          <Said text={hint} />
        </span>
      )}
    </p>
  );
}
