import { attempt } from "./messages.ts";

/** What stands in the fields of a form, by name. */
export function valuesOf(form: HTMLFormElement): Readonly<Record<string, string>> {
  const texts = [...new FormData(form)].filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(texts);
}

/** Does something with the values of a form when it is submitted, and not twice at a time. */
export function onSubmit(
  form: HTMLFormElement,
  task: (values: Readonly<Record<string, string>>) => Promise<void>,
): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    form.ariaBusy = "true";
    attempt(() => task(valuesOf(form)).finally(() => (form.ariaBusy = "false")));
  });
}
