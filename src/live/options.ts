import type { Feed } from "./contract.ts";

/** How answers are kept true. All times are in milliseconds. */
export interface LiveOptions {
  /** How many streams may be open at once; one more is 503 `busy`. 10,000 by default. */
  readonly maxStreams?: number;
  /** How many of them one caller may have, by the name that `caller` of the route gives him, or his address; 20 by default. */
  readonly maxStreamsPerCaller?: number;
  /** How many questions a stream may have that asks several; 50 by default. */
  readonly maxQuestions?: number;
  /** How many bytes an answer may have that is kept true; 65,536 by default. */
  readonly maxLiveAnswer?: number;
  /** After how long a stream is ended, so that its client comes again; never by default. */
  readonly maxAge?: number;
  /** How long a client may leave an event unread before its stream is closed; 30,000 by default. */
  readonly stallTimeout?: number;
  /** How often an answer is asked again at most, however often its tables change; 50 by default. */
  readonly debounce?: number;
  /** How often session and rules are asked again, though nothing is sent; 30,000 by default. */
  readonly recheck?: number;
  /** Hears of the writes of other processes; a SQLite file needs none. */
  readonly feed?: Feed;
}

/** The same, all of it said. */
export interface Settings extends Required<Omit<LiveOptions, "feed" | "maxAge">> {
  readonly maxAge: number;
  readonly feed: Feed | undefined;
}

/** By default, and where a number is no time, the most it may be. */
const NUMBERS = {
  maxStreams: [10_000, 1_000_000],
  maxStreamsPerCaller: [20, 1_000_000],
  maxQuestions: [50, 1_000],
  maxLiveAnswer: [65_536, 16_777_216],
  maxAge: [Number.POSITIVE_INFINITY, 2_147_483_647],
  stallTimeout: [30_000, 2_147_483_647],
  debounce: [50, 1_000],
  recheck: [30_000, 2_147_483_647],
} as const;

/** @throws Error at start for an option that does not exist, and a number that is none. */
export function readSettings(options: LiveOptions): Settings {
  for (const name of Object.keys(options))
    if (name !== "feed" && !Object.hasOwn(NUMBERS, name))
      throw new Error(`live.${name}: there is no such option`);
  const { feed } = options;
  if (feed !== undefined && typeof (feed as Partial<Feed>).open !== "function")
    throw new Error("live.feed: expected a feed");
  const read = (name: keyof typeof NUMBERS): number => {
    const [fallback, most] = NUMBERS[name];
    const value = options[name];
    if (value === undefined) return fallback;
    if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
    throw new RangeError(`live.${name}: expected a whole number from 1 to ${most}`);
  };
  return {
    maxStreams: read("maxStreams"),
    maxStreamsPerCaller: read("maxStreamsPerCaller"),
    maxQuestions: read("maxQuestions"),
    maxLiveAnswer: read("maxLiveAnswer"),
    maxAge: read("maxAge"),
    stallTimeout: read("stallTimeout"),
    debounce: read("debounce"),
    recheck: read("recheck"),
    feed,
  };
}
