/**
 * Tables by their names in the database, small letters in SQLite: `post`, and `audit.entry` where a schema's name is needed,
 * which neither `main` nor `public` is; `"*"` for all of them, or for nobody knows which.
 */
export type Touched = readonly string[] | "*";

/**
 * Hears in one process what others have written, and tells them what this one has. A route takes one by
 * `live({ feed })`; without it a route hears of its own writes, and of foreign ones to a SQLite file.
 *
 * Whatever is heard is a hint: it makes answers be asked again and says nothing of rows, so one that is wrong, doubled or
 * forged costs time and no more.
 */
export interface Feed {
  /**
   * Begins to listen, once, when the route is made. Nobody waits for it, so that streams open while the other side cannot be
   * reached; {@link Hearing.back} says when notices come, and all is asked once more then.
   */
  open(hearing: Hearing): Listening;
  /**
   * The statement that tells of a write from within its own transaction: it runs last before the commit, and is lost with
   * it. Text and values as `Dialect.query` takes them, `$1` in PostgreSQL. Absent where notices do not ride.
   */
  readonly ride?: ((touched: Touched) => Notice) | undefined;
  /** How often all is asked again though nothing was heard, in milliseconds: where notices may be lost. */
  readonly sweep?: number | undefined;
}

/** What a feed says of what it hears. */
export interface Hearing {
  /** Another process has written, and committed. What this process has written itself need not be told, and may be. */
  changed(touched: Touched): void;
  /** Notices come from now on, at first or after they did not: everything is asked again. */
  back(): void;
  /** Is told to the route's `onError`; it ends nothing. */
  failed(error: unknown): void;
}

/** A feed that listens. */
export interface Listening {
  /**
   * Tells other processes of what this one has committed and no notice rode with: all of it where {@link Feed.ride} is
   * absent, else what an author says that he has changed. What it throws is told to `onError`.
   */
  tell?(touched: Touched): void | Promise<void>;
  /** Listens no longer, and lets go of its connection. */
  close(): void | Promise<void>;
}

/** A statement that tells of a write. */
export interface Notice {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Hears what it answers, a row by its places, before the write is committed. */
  readonly answered?: ((row: ArrayLike<unknown> | undefined) => void) | undefined;
}

/** A change of a JSON document (RFC 6902), as `patch` has them. */
export type Operation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move"; readonly from: string; readonly path: string };

/**
 * An event of a stream as its lines say it: `event`, `id` where there is one, `data` where there is some.
 *
 * Of a stream of many questions (`POST /query/$live`) `data` is `{ "key": "a", "data": … }`, whose `data` is what stands
 * here; of `same` it is `{ "key": "a" }`. A stream says `retry:` (milliseconds) when the server ends it for its own sake.
 */
export type StreamEvent =
  /** The answer of the GET, whole. */
  | { readonly event: "answer"; readonly id: string; readonly data: unknown }
  /** What became of the last answer. */
  | { readonly event: "patch"; readonly id: string; readonly data: readonly Operation[] }
  /** The answer that the client named last is still true; `id` is what it named. */
  | { readonly event: "same"; readonly id: string; readonly data?: never }
  /** The body of the refusal: nothing more is said of this question, and a stream of one is closed. */
  | { readonly event: "end"; readonly id?: never; readonly data: EndOfStream };

/** The body of a refusal. */
export interface EndOfStream {
  /** What is wrong; `detail`, where the route tells refusals as problems (RFC 9457). */
  readonly error?: string;
  readonly code: string;
  readonly path?: string;
  readonly hint?: string;
}

/** One of the questions that are asked of `POST /query/$live`: a JSON list of them is its body. */
export interface StreamQuestion {
  /** What its events carry: a text of 64 characters at most, and no other's of the list. */
  readonly key: string;
  /** Path and query of the GET, or its whole URL. */
  readonly url: string;
  /** The id of the answer that is known, where one is. */
  readonly last?: string;
}
