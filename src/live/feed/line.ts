import { within } from "../../clock.ts";
import type { Hearing, Listening, Touched } from "../contract.ts";
import { readNotice, type Told, together, writeNotice } from "./notice.ts";
import { type FindWire, quietly, type Wire } from "./wire.ts";

/** What a line is, and where it leads. */
export interface LineOptions {
  /** Whose it is, for those who hear that it fails. */
  readonly name: string;
  /** Whose notices are its own. */
  readonly origin: string;
  /** Whether its own are told to nobody, because there is nobody else in this process. */
  readonly alone: () => boolean;
  /** Whether what another tells was written here, and is told of anyway. */
  readonly isTold?: ((notice: Told) => boolean) | undefined;
  readonly find: FindWire;
  /** What may be the matter where a connection stands, and no notice comes through it. */
  readonly deaf: string;
}

/** How long a connection may take, and a notice until it is heard; in milliseconds. */
const OPENING = 10_000;
const ECHO = 5_000;
/** How often it is tried whether notices still come: a connection may be dead and nobody says so. */
const PULSE = 30_000;
/** How long one rests before the first attempt after a cut, and at most, in milliseconds; in the mean half of it. */
const REST = 200;
const LONGEST_REST = 10_000;
/** What was open so long was whole: the next attempt is the first again. */
const WHOLE = 10_000;

/**
 * Listens to others' notices and tells its own, over one wire after the other: where one is cut, or goes deaf, another is
 * opened. What is to be told meanwhile is told then.
 */
export class Line implements Listening {
  readonly #options: LineOptions;
  readonly #hearing: Hearing;
  readonly #done: Promise<void>;
  #over = false;
  /** Ends what is waited for. */
  #wake: () => void = () => undefined;
  /** The wire of which it is known that notices come through it. */
  #wire: Wire | undefined;
  #cut: (error: unknown) => void = () => undefined;
  #untold: Touched = [];
  #telling = false;
  /** A notice of its own was heard. */
  #echoed: () => void = () => undefined;
  #failing = false;

  constructor(hearing: Hearing, options: LineOptions) {
    this.#hearing = hearing;
    this.#options = options;
    this.#done = this.#keep();
  }

  /** It is told as soon as it can be. */
  tell(touched: Touched): void {
    this.#untold = together(this.#untold, touched);
    void this.#flush();
  }

  async close(): Promise<void> {
    this.#over = true;
    this.#cut(undefined);
    this.#wake();
    await this.#done;
  }

  async #keep(): Promise<void> {
    for (let attempt = 0; !this.#over; attempt++) {
      const began = performance.now();
      try {
        await this.#listen();
      } catch (error) {
        this.#failed(error);
      }
      if (performance.now() - began > WHOLE) attempt = 0;
      await this.#rest(Math.random() * Math.min(REST * 2 ** Math.min(attempt, 16), LONGEST_REST));
    }
  }

  /** Listens until the wire is cut, which is thrown. */
  async #listen(): Promise<void> {
    const open = await this.#options.find();
    if (this.#over) return;
    let isOpen = true;
    let lost!: (error: unknown) => void;
    const cut = new Promise<never>((_, reject) => (lost = reject));
    cut.catch(() => undefined); // also where nobody waits for it
    this.#cut = lost;
    const wire = open({ heard: (text) => isOpen && this.#heard(text), lost });
    try {
      await Promise.race([cut, within(OPENING, wire.ready, late)]);
      await Promise.race([cut, this.#echo((text) => (wire.probe ?? wire.send)(text))]);
      this.#wire = wire;
      this.#failing = false;
      this.#hearing.back();
      void this.#flush();
      for (;;) {
        await Promise.race([cut, this.#rest(PULSE)]);
        await Promise.race([cut, this.#echo((text) => wire.send(text))]);
      }
    } finally {
      isOpen = false;
      this.#wire = undefined;
      await quietly(within(OPENING, Promise.resolve(wire.close())));
    }
  }

  /** Sends a notice that tells of nothing, and waits until it is heard. */
  #echo(send: (text: string) => Promise<unknown>): Promise<unknown> {
    const heard = new Promise<void>((resolve) => (this.#echoed = resolve));
    const sent = send(writeNotice(this.#options.origin, []));
    return within(ECHO, Promise.all([sent, heard]), () => new Error(this.#options.deaf));
  }

  #heard(text: string): void {
    const notice = readNotice(text);
    const { origin, alone, isTold } = this.#options;
    const isOwn = notice.origin === origin;
    if (isOwn) this.#echoed();
    const isKnown = isOwn ? alone() : isTold?.(notice) === true;
    if (notice.touched.length > 0 && !isKnown) this.#hearing.changed(notice.touched);
  }

  /** One notice is under way at most: what comes meanwhile goes together. */
  async #flush(): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    for (let wire = this.#wire; wire !== undefined && this.#untold.length > 0; wire = this.#wire) {
      const telling = this.#untold;
      this.#untold = [];
      try {
        await within(ECHO, wire.send(writeNotice(this.#options.origin, telling)));
      } catch (error) {
        this.#untold = together(telling, this.#untold);
        if (this.#wire !== wire) continue;
        this.#wire = undefined;
        this.#cut(error);
      }
    }
    this.#telling = false;
  }

  /** Once for each time that it is cut, however many attempts fail until it is back. */
  #failed(error: unknown): void {
    if (this.#failing || this.#over) return;
    this.#failing = true;
    const reason = error instanceof Error ? error.message : String(error);
    const said = `${this.#options.name}: what other processes write is not heard until it is back: ${reason}`;
    this.#hearing.failed(new Error(said, { cause: error }));
  }

  async #rest(milliseconds: number): Promise<void> {
    if (this.#over) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
  }
}

const late = (): Error => new Error(`no connection came within ${OPENING} ms`);
