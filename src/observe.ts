import type { Outside } from "./execute/execute.ts";

/** Where the time of a request goes, in the order it is spent. */
export type Room = "parse" | "principal" | "body" | "plan" | "compile" | "execute" | "shape";

/** How a request came, as its URL says. */
export type Scheme = "http" | "https";

/** One thing that happened, for whoever logs, counts or traces. Watching cannot change anything. */
export type Observation =
  /** A request has come; `answered` follows, with the same `sent` and `scheme`. */
  | {
      readonly kind: "began";
      /** The method it was sent by, as its client wrote it. */
      readonly sent: string;
      readonly scheme: Scheme;
    }
  | {
      readonly kind: "answered";
      /** The method it was answered by: GET, where a QUERY was sent. */
      readonly method: string;
      readonly sent: string;
      readonly scheme: Scheme;
      /** As it was asked for: a client's text, unless it is `known`. */
      readonly resource: string;
      /** Whether there is such a resource, or it is a name of the engine's own. */
      readonly known: boolean;
      /** The table of the resource, by its name in the database. */
      readonly table?: string;
      readonly database: "sqlite" | "postgresql";
      readonly status: number;
      /** The code of the refusal, where it was refused. */
      readonly code?: string;
      /** When it came, in milliseconds since 1970. */
      readonly arrived: number;
      /** From the request's arrival to its answer, in milliseconds. */
      readonly milliseconds: number;
      /** Milliseconds by room; only the rooms the request came to. */
      readonly rooms: Readonly<Partial<Record<Room, number>>>;
      /** How many statements and questions are remembered, and how many statements the driver keeps prepared. */
      readonly remembered: {
        readonly statements: number;
        readonly prepared: number;
        readonly questions: number;
      };
    }
  | { readonly kind: "failed"; readonly error: unknown }
  /** A write of the route is committed, which keeps answers true: tables by their names in the database, or any of them. */
  | { readonly kind: "changed"; readonly tables: readonly string[] | "*" }
  /** An answer that is kept true is asked again so many milliseconds after a change, which is late. */
  | { readonly kind: "lagging"; readonly milliseconds: number };

/** Receives every observation; what it throws is ignored. */
export type Observer = (observation: Observation) => void;

/** One observer of the two an author may write. */
export function observerOf(
  observe: Observer | undefined,
  onError: ((error: unknown) => void) | undefined,
): Observer | undefined {
  if (onError === undefined) return observe;
  return (observation) => {
    if (observation.kind === "failed") ignoring(() => onError(observation.error));
    return observe?.(observation);
  };
}

/** Tells an observer. */
export const tell = (observe: Observer | undefined, observation: Observation): void =>
  ignoring(() => observe?.(observation));

/** Tells in its turn, or though that does not come: who hears may look into the database too. */
export function tellInTurn(outside: Outside, telling: () => void): void {
  const waiting = outside(telling);
  if (waiting instanceof Promise) waiting.catch(telling);
}

/** Runs what only watches; what it throws, now or later, is ignored. */
function ignoring(watch: () => unknown): void {
  try {
    const answer = watch();
    if (answer instanceof Promise) answer.catch(() => undefined);
  } catch {
    // watching cannot change an answer
  }
}

/** Told at the end of each room. */
export type Mark = (room: Room) => void;

/** For requests nobody watches. */
export const unwatched: Mark = () => undefined;

/** Measures the rooms of one request. */
export class Stopwatch {
  readonly started: number = performance.now();
  /** The same by the clock on the wall, in milliseconds since 1970. */
  readonly arrived: number = Date.now();
  readonly rooms: Partial<Record<Room, number>> = {};
  #last: number = this.started;

  /** The time since the last mark was spent in this room. */
  readonly mark: Mark = (room) => {
    const now = performance.now();
    this.rooms[room] = (this.rooms[room] ?? 0) + (now - this.#last);
    this.#last = now;
  };

  /** The rooms as the header `Server-Timing` writes them, in milliseconds. */
  toHeader(): string {
    return Object.entries(this.rooms)
      .map(([room, milliseconds]) => `${room};dur=${milliseconds.toFixed(3)}`)
      .join(", ");
  }
}
