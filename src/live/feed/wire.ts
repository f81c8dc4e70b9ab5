/** A way by which texts are sent to all who listen, oneself included: one connection, or two, until it is cut. */
export interface Wire {
  /** Settles once texts are heard. */
  readonly ready: Promise<unknown>;
  /** Sends a text to all. */
  readonly send: (text: string) => Promise<unknown>;
  /** The same from another connection, where {@link send} uses the one that listens: what stands between may hear it alone. */
  readonly probe?: (text: string) => Promise<unknown>;
  /** Gives up its connections, whatever state they are in. */
  readonly close: () => unknown;
}

/** What a wire says. */
export interface WireEvents {
  readonly heard: (text: string) => void;
  /** It is cut, and is to be closed. */
  readonly lost: (error: unknown) => void;
}

/** Opens a wire. */
export type OpenWire = (events: WireEvents) => Wire;

/** What a wire is made with, where that is a package which may not be there. */
export type FindWire = () => OpenWire | Promise<OpenWire>;

/** What is closed may complain; nobody wants to know. */
export const quietly = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

/**
 * Loads a package of the application's.
 *
 * @throws Error that says what to install.
 */
export async function loadPackage<T>(name: string, advice: string): Promise<T> {
  try {
    // By a name that bundlers do not follow: who uses another does not have it.
    return (await import(name)) as T;
  } catch (error) {
    throw new Error(advice, { cause: error });
  }
}
