import { within } from "../../clock.ts";
import type { LaneAnswer } from "../contract.ts";
import { type Child, folder } from "./host.ts";
import type { Fault, Look, Place, Question, Said, Sent } from "./message.ts";

/** How long a process may take until it is ready, in milliseconds. */
const START = 15_000;

/** A process that ended while something was asked of it. */
export class Ended extends Error {
  /** Whether a signal has ended it, and not itself. */
  readonly killed: boolean;
  constructor(why: string, killed: boolean) {
    super(`a process of the slow lane has ended (${why})`);
    this.killed = killed;
  }
}

/** An error of the driver, as it was told. */
export class Refused extends Error {
  declare readonly code?: unknown;
  constructor({ name, message, ...codes }: Fault) {
    super(message);
    this.name = name;
    Object.assign(this, codes);
  }
}

/** This side of a process of the lane, which answers one question at a time and keeps nobody's application alive. */
export class Helper {
  readonly key: string;
  /** How its connection is set, once it is ready. */
  readonly ready: Promise<Look>;
  /** Whether somebody has it, and whose client it was opened for. */
  taken = false;
  closed: () => boolean = () => false;
  /** Since when nobody has it. */
  since = 0;
  /** How many questions it was asked. */
  asked = 0;
  alive = true;
  readonly #child: Child;
  #waiting: { resolve(said: Said): void; reject(error: Error): void } | undefined;

  /** `ended` hears of its end, whoever brought it about. */
  constructor(child: Child, key: string, place: Place, ended: () => void) {
    this.key = key;
    this.#child = child;
    child.on("message", (said) => this.#take()?.resolve(said as Said));
    const end = (why: string, killed = false): void => {
      this.kill();
      this.#take()?.reject(new Ended(why, killed));
      ended();
    };
    child.on("error", (error) => end(error.message));
    child.on("exit", (code, signal) => end(String(signal ?? code), signal !== null));
    child.unref();
    child.channel?.unref?.();
    this.ready = within(START, this.#begin(place), () => new Error("its process takes too long to begin"));
    this.ready.catch(() => this.kill()); // who waits for it hears why
  }

  /** Whether it is at a question. */
  get busy(): boolean {
    return this.#waiting !== undefined;
  }

  /** @throws Refused for an error of the driver, Ended where the process ended meanwhile. */
  async ask(question: Question): Promise<LaneAnswer> {
    this.asked++;
    const said = await this.#send(question);
    if ("rows" in said) return said;
    throw new Refused((said as { fault: Fault }).fault);
  }

  /** Ends it at once, whatever it does: nothing else stops a statement. */
  kill(): void {
    this.alive = false;
    this.#child.kill("SIGKILL");
  }

  async #begin(place: Place): Promise<Look> {
    const said = await this.#send({ place, folder: folder() });
    if ("ready" in said) return said.ready;
    throw new Error((said as { cannot: string }).cannot);
  }

  #send(message: Sent): Promise<Said> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return reject(new Ended("before it was asked", true));
      this.#waiting = { resolve, reject };
      try {
        this.#child.send(message);
      } catch (error) {
        this.#take()?.reject(error as Error);
      }
    });
  }

  #take(): { resolve(said: Said): void; reject(error: Error): void } | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
