import { find } from "./dom.ts";

const dialog = find(document, "#confirm", HTMLDialogElement);
const text = find(dialog, "#confirm-question", HTMLElement);

/** Asks before something is done that cannot be undone; Escape means no. */
export function confirmed(question: string): Promise<boolean> {
  text.textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  return promise;
}
