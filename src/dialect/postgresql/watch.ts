/** Looks after the statements of a client: whether they may run, and what ends those that run too long. */
export interface Watch {
  /** @throws Error when no statement may begin any more. */
  admit(): void;
  /** Follows a statement that has begun. */
  follow<T>(statement: PromiseLike<T>, means: Means): Promise<T>;
}

/** What can be done about a statement that does not end. */
export interface Means {
  /** Asks the server to end it; over when the server has heard it. */
  readonly stop: () => Promise<void> | void;
  /** Gives up its connection, where the driver lets go of it. */
  readonly drop: () => void;
}

/** Watches a transaction, whose connection serves nobody else. */
export interface Hold extends Watch {
  /** How the connection is given up, once it is known which it is. */
  drop: Means["drop"];
}

/** What is thrown at those who come too late. */
export const ended = (message = "the transaction has ended"): Error => new Error(message);

/** How long a driver may take to hear of the end of a statement that was stopped, in milliseconds. */
export const GRACE = 1000;

/** A statement that cannot be stopped ends by itself. */
export async function attempt({ stop }: Pick<Means, "stop">): Promise<void> {
  try {
    await stop();
  } catch {}
}

/** A connection that cannot be given up is the driver's. */
export function drop({ drop }: Pick<Means, "drop">): void {
  try {
    drop();
  } catch {}
}
