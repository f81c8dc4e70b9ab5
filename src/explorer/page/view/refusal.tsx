import { type ComponentChildren, Fragment } from "preact";
import type { RefusedAnswer } from "../model/refusal.ts";
import { Said } from "./said.tsx";

/** A refusal in full: what, where, and what to do instead. */
export function Refusal({
  refused,
  children,
}: {
  readonly refused: RefusedAnswer;
  readonly children?: ComponentChildren;
}) {
  const { code, error, hint } = refused;
  return (
    <section class="refusal" role="alert" aria-label="Refused">
      <header>
        <span class="status">{statusOf(refused)}</span>
        <span class="mark danger mono">{code}</span>
      </header>
      <h3>
        <Said text={error} />
      </h3>
      {hint !== undefined && (
        <p class="hint">
          <Said text={hint} />
        </p>
      )}
      <Places refused={refused} />
      {children}
    </section>
  );
}

/** Where in the request it was, and what was said of each field. */
function Places({ refused: { path, issues = [] } }: { readonly refused: RefusedAnswer }) {
  const places = [
    ...(path === undefined ? [] : [["at", <code>{path}</code>] as const]),
    ...issues.map((issue) => [<code>{issue.path ?? "body"}</code>, issue.message] as const),
  ];
  if (places.length === 0) return null;
  return (
    <dl>
      {places.map(([where, told], index) => (
        <Fragment key={index}>
          <dt>{where}</dt>
          <dd>{told}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** The status of an answer; a live one has none when it ends. */
export const statusOf = ({ status, code }: Pick<RefusedAnswer, "status" | "code">): string =>
  status === 0 ? (code === "no-answer" ? "no answer" : "ended") : String(status);
