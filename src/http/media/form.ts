import { invalidBody, quote } from "../../error.ts";

/** Decodes a form: one row whose fields are text, each named once. */
export function decodeForm(text: string): Record<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) throw invalidBody(`field ${quote(name)} is given twice`, name);
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}
