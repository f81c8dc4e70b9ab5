import { applyPatch, type Operation } from "rfc6902";

/** An event as it came. */
export interface Heard {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** What a client has made of the events of one question. */
export interface Kept {
  /** The answer, as JSON text. */
  json: string | undefined;
  id: string | undefined;
  /** The body of the refusal it ended with. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  end: any;
  readonly events: Heard[];
}

/** Sends a request, to a server or to a handler. */
export type Sends = (path: string, init: RequestInit) => Promise<Response>;

/** A stream that is read, by rules of its own: of the package it knows nothing. */
export class Watching {
  readonly response: Response;
  /** All that came, but for the signs of life. */
  text = "";
  beats = 0;
  /** When to come again, where the server said so. */
  retry: number | undefined;
  closed = false;
  /** How often something was said that changed nothing. */
  idle = 0;
  readonly #kept = new Map<string, Kept>();
  #waiting: (() => void)[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #abort: AbortController;

  private constructor(response: Response, abort: AbortController, reads: boolean) {
    this.response = response;
    this.#abort = abort;
    this.#reader = response.ok ? response.body?.getReader() : undefined;
    if (reads) void this.#read();
  }

  /** Opens one; `reads: false` leaves it unread. */
  static async open(
    send: Sends,
    path: string,
    {
      headers = {},
      body,
      reads = true,
    }: { headers?: Record<string, string>; body?: unknown; reads?: boolean } = {},
  ): Promise<Watching> {
    const abort = new AbortController();
    const response = await send(path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        accept: "text/event-stream",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: abort.signal,
    });
    return new Watching(response, abort, reads);
  }

  /** What is known of a question; of the only one, where none is named. */
  of(key = ""): Kept {
    let kept = this.#kept.get(key);
    if (kept === undefined)
      this.#kept.set(key, (kept = { json: undefined, id: undefined, end: undefined, events: [] }));
    return kept;
  }

  get json(): string | undefined {
    return this.of().json;
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  get value(): any {
    return this.json === undefined ? undefined : JSON.parse(this.json);
  }

  get events(): readonly Heard[] {
    return this.of().events;
  }

  /** Waits until something holds, which is looked at with each event. */
  async until(holds: () => boolean, milliseconds = 2_000): Promise<void> {
    const end = performance.now() + milliseconds;
    while (!holds()) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`not within ${milliseconds} ms; heard:\n${this.text}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => (clearTimeout(timer), resolve()));
      });
    }
  }

  /** Waits for so many events of the only question. */
  async heard(count: number, milliseconds?: number): Promise<void> {
    await this.until(() => this.events.length >= count, milliseconds);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    try {
      await this.#reader?.cancel();
    } catch {
      // what was aborted cannot be cancelled
    }
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (;;) {
        const { done, value } = await this.#reader!.read();
        if (done) break;
        rest += decoder.decode(value, { stream: true });
        const blocks = rest.split("\n\n");
        rest = blocks.pop()!;
        for (const block of blocks) this.#take(block);
        this.#wake();
      }
    } catch {
      // the test has closed it
    }
    this.closed = true;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #take(block: string): void {
    if (block === ":") return void this.beats++;
    this.text += `${block}\n\n`;
    const fields = new Map<string, string[]>();
    for (const line of block.split("\n")) {
      const [, name, value] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
      if (name === undefined) throw new Error(`no line of an event: ${line}`);
      fields.set(name, [...(fields.get(name) ?? []), value!]);
    }
    const [retry] = fields.get("retry") ?? [];
    if (retry !== undefined) return void (this.retry = Number(retry));
    const [event] = fields.get("event") ?? [];
    this.#hear({ event: event!, id: fields.get("id")?.[0], data: fields.get("data")!.join("\n") });
  }

  /** Follows the events, by a package of others. */
  #hear(heard: Heard): void {
    const [key, data] = keyed(heard.data);
    const kept = this.of(key);
    kept.events.push({ ...heard, data });
    if (heard.id !== undefined) kept.id = heard.id;
    const before = kept.json;
    if (heard.event === "answer") kept.json = JSON.stringify(JSON.parse(data));
    else if (heard.event === "end") kept.end = JSON.parse(data);
    else if (heard.event === "patch") {
      const document = { "": JSON.parse(kept.json!) as unknown };
      const operations = (JSON.parse(data) as Operation[]).map((operation) => ({
        ...operation,
        path: `/${operation.path}`,
        ...("from" in operation && { from: `/${operation.from}` }),
      }));
      const failed = applyPatch(document, operations as Operation[]).filter(Boolean);
      if (failed.length > 0) throw failed[0];
      kept.json = JSON.stringify(document[""]);
    }
    if (before !== undefined && heard.event !== "end" && kept.json === before) this.idle++;
  }
}

/** The key of an event of many questions, and its data. */
function keyed(data: string): readonly [key: string, data: string] {
  const value: unknown = data === "" ? undefined : JSON.parse(data);
  if (typeof value !== "object" || value === null || !("key" in value)) return ["", data];
  return [String(value.key), "data" in value ? JSON.stringify(value.data) : ""];
}
