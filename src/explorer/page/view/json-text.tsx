import { useMemo } from "preact/hooks";

/** An answer as it was sent, indented. */
export function JSONText({ value }: { readonly value: unknown }) {
  const text = useMemo(() => JSON.stringify(value, undefined, 2), [value]);
  return (
    <pre class="json" tabIndex={0} aria-label="The answer as JSON">
      {text}
    </pre>
  );
}
