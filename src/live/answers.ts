import { createHmac, randomBytes } from "node:crypto";
import type { Changes, Listener, LiveEngine } from "../engine/engine.ts";
import type { Tables } from "../schema/schema.ts";
import type { Listening, Touched } from "./contract.ts";
import type { Ground } from "./group.ts";
import { Groups } from "./groups.ts";
import type { Settings } from "./options.ts";
import { Places } from "./places.ts";
import { Schedule } from "./schedule.ts";
import { Streams } from "./streams.ts";
import type { Asked, Floor } from "./subscription.ts";

/** Begins to keep the answers of one route true. */
export type OpenLive = (host: LiveHost) => LiveAnswers;

/** What a route does for its live answers. */
export interface LiveHost {
  /** What ids of answers are made with, so that other processes know them. */
  readonly secret: string | undefined;
  /** Hears of what failed and ends nothing. */
  readonly failed: (error: unknown) => void;
  /** Hears how late answers are asked again. */
  readonly lagging: (milliseconds: number) => void;
}

/** How often it is looked whether others have written to a file, in milliseconds. */
const LOOK = 100;
/** How many are asked at once who they are. */
const READY = 16;
/** Of a server's connections one of so many is for live answers. */
const PART = 4;

/** The answers of one route that are kept true. */
export class LiveAnswers implements Listener {
  readonly settings: Settings;
  readonly ride: Listener["ride"];
  readonly #host: LiveHost;
  readonly #clock = { generation: 0 };
  #listening: Listening | undefined;
  #sweep: ReturnType<typeof setInterval> | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #watching: Promise<(() => boolean) | undefined> | undefined;
  #begun:
    | {
        readonly engine: LiveEngine;
        readonly streams: Streams;
        readonly groups: Groups;
        readonly schedule: Schedule;
      }
    | undefined;
  #closed = false;

  constructor(settings: Settings, host: LiveHost) {
    this.settings = settings;
    this.#host = host;
    const { feed } = settings;
    const ride = feed?.ride?.bind(feed);
    if (ride !== undefined) this.ride = (tables) => ride(touchedOf(tables));
  }

  /** Begins, once there is an engine to ask. */
  begin(engine: LiveEngine): void {
    const { debounce, maxLiveAnswer, feed } = this.settings;
    const { failed, lagging } = this.#host;
    const places = engine.remote ? Math.max(1, Math.floor((engine.connections ?? PART) / PART)) : 1;
    const schedule = new Schedule({ debounce, places, isHere: !engine.remote, lagging, failed });
    const ground: Ground = {
      maxLiveAnswer,
      clock: this.#clock,
      idOf: hasher(this.#host.secret),
      asked: (group) => schedule.asked(group),
    };
    const groups = new Groups(ground, schedule);
    const ready = new Places(READY);
    let count = 0;
    const floor: Floor = { groups, failed, ready: (work) => ready.run(work), count: () => ++count };
    const streams = new Streams(this.settings, floor, (some) => (some ? this.#watch() : this.#unwatch()));
    this.#begun = { engine, streams, groups, schedule };
    this.#listening = feed?.open({
      changed: (touched) => this.#raise(touched),
      back: () => this.#raise("*"),
      failed,
    });
  }

  /** Those of the own process's changes that are committed. */
  changed(changes: Changes, rode = false): void {
    this.#begun?.groups.changed(changes);
    if (rode) return;
    try {
      const told = this.#listening?.tell?.(touchedOf(changes));
      if (told instanceof Promise) told.catch(this.#host.failed);
    } catch (error) {
      this.#host.failed(error);
    }
  }

  /**
   * Opens a stream of one question.
   *
   * @throws HttpError as a GET, and `busy` for one stream more than there may be.
   */
  async one(asked: Asked): Promise<ReadableStream<Uint8Array>> {
    await this.#watched();
    return this.#begun!.streams.one(asked);
  }

  /** Opens a stream of several questions of one caller. */
  async several(caller: string, asked: readonly Asked[]): Promise<ReadableStream<Uint8Array>> {
    await this.#watched();
    return this.#begun!.streams.several(caller, asked);
  }

  /** Asks anew who a caller is, and what his rules say, before he is told anything else. */
  recheck(caller: string | undefined): void {
    this.#begun?.streams.recheck(caller);
  }

  /** Ends all streams, and lets go of all that is kept for them. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#begun?.streams.close();
    this.#begun?.schedule.close();
    this.#unwatch();
    clearInterval(this.#sweep);
    await this.#listening?.close();
  }

  /** How many streams are open, and how many answers are kept true for them. */
  get kept(): { readonly streams: number; readonly answers: number } {
    return { streams: this.#begun?.streams.size ?? 0, answers: this.#begun?.groups.size ?? 0 };
  }

  #raise(touched: Touched): void {
    this.#begun?.groups.changed(touched === "*" ? touched : new Map(touched.map((name) => [name, "*"])));
  }

  /** Waits until commits of others are watched, so that none is missed behind the first answer. */
  async #watched(): Promise<void> {
    if (this.#closed) return;
    await (this.#watching ??= this.#begun!.engine.watch().catch((error: unknown) => {
      this.#host.failed(error);
      return undefined;
    }));
  }

  #watch(): void {
    void this.#watching?.then((look) => {
      if (look === undefined || this.#looking !== undefined || this.#begun?.streams.size === 0) return;
      const see = (): void => {
        if (look()) this.#raise("*");
      };
      see();
      this.#looking = setInterval(see, LOOK);
    });
    const sweep = this.settings.feed?.sweep;
    if (sweep !== undefined) this.#sweep ??= setInterval(() => this.#raise("*"), sweep);
  }

  #unwatch(): void {
    clearInterval(this.#looking);
    clearInterval(this.#sweep);
    this.#looking = this.#sweep = undefined;
  }
}

const touchedOf = (tables: Tables | Changes): Touched => (tables === "*" ? tables : [...tables.keys()]);

/** Names answers so that nobody finds another of that name, nor learns of it what the share is. */
function hasher(secret: string | undefined): Ground["idOf"] {
  const key = secret ?? randomBytes(32);
  return (share, json) =>
    createHmac("sha256", key).update(`${share.length} ${share}`).update(json).digest("base64url");
}
