/** An event of a stream, with as much of it as its lines said. */
export interface Heard {
  readonly event?: string;
  readonly id?: string;
  readonly data?: string;
  /** When to come back once the stream has ended, in milliseconds. */
  readonly retry?: string;
}

/** Reads server-sent events from a body. `alive` is told of all that comes, comments included. */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  alive: () => void,
): AsyncGenerator<Heard, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let fields: Record<string, string> = {};
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    const text = decoder.decode(value, { stream: true });
    rest += text;
    // A long line comes in many pieces: it is looked through once.
    if (!/[\r\n]/.test(text)) continue;
    // Of a pair of line ends the first half may have come alone.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line !== "") note(fields, line);
      else {
        yield fields;
        fields = {};
      }
    }
  }
}

/** Notes what a line says; a comment has no name. */
function note(fields: Record<string, string>, line: string): void {
  const [name = "", ...rest] = line.split(":");
  const value = rest.join(":").replace(/^ /, "");
  const before = fields[name];
  fields[name] = name === "data" && before !== undefined ? `${before}\n${value}` : value;
}
