import type { StreamQuestion } from "../../src/live/contract.ts";

/** A stream that a client has asked for. */
export interface Opened {
  readonly questions: readonly StreamQuestion[];
  readonly headers: Headers;
  /** Says an event of the question that stands at a place of the list. */
  say(event: string, place: number, data?: unknown, id?: string): void;
  /** Says anything. */
  raw(text: string | Uint8Array): void;
  /** Ends it as a server does that has no more to say. */
  close(): void;
  /** Resolves when the client has gone. */
  readonly gone: Promise<void>;
  readonly isGone: boolean;
}

/** A server of which a test says every byte. */
export interface StreamServer {
  readonly url: string;
  /** All that was asked, refused or not. */
  readonly opened: readonly Opened[];
  /** Waits for the stream of that number, the first is 1. */
  stream(number: number): Promise<Opened>;
  /** What is answered instead of a stream, until it is undefined. */
  refuse: (() => Response) | undefined;
  stop(): Promise<void>;
}

/** Serves streams of live answers on a free port, and what a page needs beside. */
export function serveStreams(pages: Readonly<Record<string, () => Response>> = {}): StreamServer {
  const opened: Opened[] = [];
  const waiting: (() => void)[] = [];
  const told = (): void => waiting.splice(0).forEach((wake) => wake());
  const server = Bun.serve({
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      if (!pathname.endsWith("/$live")) return pages[pathname]?.() ?? new Response("", { status: 404 });
      const questions = (await request.json()) as StreamQuestion[];
      const made = open(questions, request);
      opened.push(made.opened);
      told();
      return self.refuse?.() ?? made.response;
    },
  });
  const self: StreamServer = {
    url: server.url.origin,
    opened,
    refuse: undefined,
    stream: async (number) => {
      while (opened.length < number) await new Promise<void>((resolve) => waiting.push(resolve));
      return opened[number - 1]!;
    },
    stop: () => server.stop(true),
  };
  return self;
}

function open(
  questions: readonly StreamQuestion[],
  request: Request,
): { readonly opened: Opened; readonly response: Response } {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  let isGone = false;
  const leave = (): void => {
    isGone = true;
    resolve();
  };
  request.signal.addEventListener("abort", leave);
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: leave,
  });
  const raw = (text: string | Uint8Array): void =>
    controller.enqueue(typeof text === "string" ? new TextEncoder().encode(text) : text);
  // Bun sends no headers before there is something of the body.
  raw(":\n\n");
  const opened: Opened = {
    questions,
    headers: request.headers,
    raw,
    say: (event, place, data, id) =>
      raw(
        `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify({ key: questions[place]!.key, data })}\n\n`,
      ),
    close: () => controller.close(),
    gone,
    get isGone() {
      return isGone;
    },
  };
  return { opened, response: new Response(body, { headers: { "content-type": "text/event-stream" } }) };
}
