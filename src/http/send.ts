/** The type of every body of the engine. */
export const JSON_TYPE = "application/json;charset=utf-8";

/** Sends a text; where the method's answers have no body, only how long it would be. */
export function send(
  text: string,
  headers: Record<string, string>,
  { bodiless, status = 200 }: { readonly bodiless: boolean; readonly status?: number },
): Response {
  if (!bodiless) return new Response(text, { status, headers });
  headers["content-length"] = String(new TextEncoder().encode(text).byteLength);
  return new Response(null, { status, headers });
}
