/** What drivers, and servers through them, say of an error. */
export interface Said {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  /** A second code: that of SQLite, and that of PostgreSQL where Bun has its own at `code`. */
  readonly extendedCode?: unknown;
  readonly errno?: unknown;
  /** What HTTP says of a request to a server. */
  readonly status?: unknown;
  readonly detail?: unknown;
  readonly severity?: unknown;
  /** The function of the server that complains; its name is the same in whatever language. */
  readonly routine?: unknown;
  /** What the server was doing when it came upon it: a function, a trigger. */
  readonly where?: unknown;
}

/** Drizzle and drivers wrap errors in each other; one that wraps itself comes to an end here. */
const MAX_DEPTH = 6;

/** An error and what caused it, the outermost first. */
export function* causes(error: unknown): Generator<Said> {
  let inner = error;
  for (let depth = 0; typeof inner === "object" && inner !== null && depth < MAX_DEPTH; depth++) {
    yield inner;
    inner = (inner as Said).cause;
  }
}
