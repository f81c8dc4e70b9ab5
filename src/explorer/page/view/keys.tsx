import { Fragment } from "preact";
import { Dialog } from "./dialog.tsx";

const KEYS = [
  [["Ctrl", "Enter"], "Run the question"],
  [["/"], "Look for a resource"],
  [["1"], "Go to the resources"],
  [["2"], "Go to the question"],
  [["3"], "Go to its text"],
  [["4"], "Go to the answer"],
  [["Esc"], "Leave a dialog, or a list of completions"],
  [["Ctrl", "Space"], "Complete what is being written"],
  [["?"], "This list"],
] as const;

/** The keys that do something. */
export function Keys({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([keys, told]) => (
          <Fragment key={told}>
            <dt>
              {keys.map((key, index) => (
                <Fragment key={key}>
                  {index > 0 && " + "}
                  <kbd>{key}</kbd>
                </Fragment>
              ))}
            </dt>
            <dd>{told}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
