import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { useOwnId } from "./own-id.ts";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** What happens by Enter in a field, and by the button of the kind `submit` in `actions`. */
  readonly onSubmit?: () => void;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Asks or tells something before all else: Escape leaves it, and the focus returns to where it was. */
export function Dialog({ title, onClose, onSubmit, actions, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useOwnId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  const submitted = (event: KeyboardEvent): void => {
    const isField = event.target instanceof HTMLInputElement && event.target.type !== "checkbox";
    if (event.key !== "Enter" || !(isField || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    onSubmit?.();
  };
  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={onClose} onKeyDown={submitted}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" class="button bare icon" aria-label="Close" onClick={onClose}>
          <Icon name="away" />
        </button>
      </header>
      <div class="body">{children}</div>
      {actions !== undefined && <footer>{actions}</footer>}
    </dialog>
  );
}
