import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { Cache, Seen } from "../cache.ts";
import { invalidCursor, tooLongForCursor } from "../error.ts";

/** A place in an order: the values of its keys, each as a text that is exact; null where there is no value. */
export type Position = readonly (string | null)[];

/** What cursors are made with. */
export interface CursorOptions {
  /** Without one, cursors end with the process. */
  readonly secret?: string | undefined;
  /** How old they may become, in milliseconds. */
  readonly maxAge: number;
  /** Whether callers have names, by which their cursors are told apart. */
  readonly named: boolean;
  /** Told once, when there is a first cursor, what it lacks. */
  readonly warn: (sentence: string) => void;
  readonly now?: () => number;
}

/** What a secret has at least, in characters. */
export const LEAST_SECRET = 32;

const CIPHER = "aes-256-gcm";
const KEY = 32;
const NONCE = 12;
const TAG = 16;
/** The name of what is sealed and how: another way would have another. */
const WAY = "@bepalo/query cursor 1";

/**
 * The bytes that a cursor may have, so that its length tells nothing of what is in it: no text of 255 letters of two bytes
 * makes it larger, only longer ones do. The least is for orders none of whose places are long, whatever is in them: two whole
 * numbers or moments. In threes, or the last character of the text would have bits that nobody looks at.
 */
const SIZES = [144, 576, 1_152, 4_608, 9_216] as const;
const LETTERS = /^[\w-]+$/;

/** What seals cursors, and what chooses their nonces: equal cursors have equal texts. */
interface Keys {
  readonly seal: Uint8Array;
  readonly choose: Uint8Array;
}

/** What the texts of a generation may have in characters. */
const MAX_CHARACTERS = 262_144;

/** Remembers what was made of texts that came again; what is missing is nothing to remember. */
class Again<Made> {
  readonly #known = new Cache<Made>(200, {
    most: MAX_CHARACTERS,
    weigh: (key, made) => key.length + String(made).length,
  });
  readonly #seen = new Seen();

  of(binding: string, text: string, make: (text: string, binding: string) => Made): Made {
    const key = `${binding.length} ${binding}${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make(text, binding);
    if (made !== undefined && this.#seen.before(key)) this.#known.set(key, made);
    return made;
  }
}

/** A place, and the moment when its cursor was made. */
type Read = readonly [moment: number, ...position: Position];

/**
 * Makes cursors of places in an order, and reads them again. A cursor can neither be read nor made elsewhere, and belongs to
 * what it is bound to: all of that must be the same when it is opened.
 */
export class Cursors {
  readonly #options: CursorOptions;
  readonly #now: () => number;
  readonly #sealed = new Again<string>();
  readonly #opened = new Again<Read | undefined>();
  #keys: Keys | undefined;
  #told = false;

  constructor(options: CursorOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * `brief` where no place in the order is long.
   *
   * @throws QueryError `too-complex` where the values are too long for a URL.
   */
  seal(position: Position, binding: string, brief = false): string {
    this.#tell();
    const text = JSON.stringify([this.#moment(), ...position]);
    return this.#sealed.of(binding, text, brief ? this.#sealBrief : this.#seal);
  }

  readonly #seal = (text: string, binding: string): string => this.#sealIn(SIZES.slice(1), text, binding);
  readonly #sealBrief = (text: string, binding: string): string => this.#sealIn(SIZES, text, binding);

  #sealIn(sizes: readonly number[], text: string, binding: string): string {
    const { seal, choose } = this.#known();
    const written = Buffer.from(text);
    const size = sizes.find((bytes) => bytes - NONCE - TAG >= written.length);
    if (size === undefined) throw tooLongForCursor();
    const padded = Buffer.alloc(size - NONCE - TAG, " ");
    written.copy(padded);
    const bound = Buffer.from(binding);
    const nonce = crypto
      .createHmac("sha256", choose)
      .update(`${bound.length} `)
      .update(bound)
      .update(padded)
      .digest()
      .subarray(0, NONCE);
    const cipher = crypto.createCipheriv(CIPHER, seal, nonce);
    cipher.setAAD(bound);
    const sealed = [nonce, cipher.update(padded), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString("base64url");
  }

  /** @throws QueryError `invalid-cursor`, in the same words whatever is wrong with it. */
  open(text: string, binding: string, path: string): Position {
    const read = this.#opened.of(binding, text, this.#read);
    if (read === undefined) throw invalidCursor(path);
    const [moment, ...position] = read;
    if (this.#now() - moment > this.#options.maxAge) throw invalidCursor(path);
    return position;
  }

  readonly #read = (text: string, binding: string): Read | undefined => {
    const sealed = LETTERS.test(text) ? Buffer.from(text, "base64url") : Buffer.alloc(0);
    // What is left over of a text would be read by nobody.
    if (!(SIZES as readonly number[]).includes(sealed.length) || text.length * 3 !== sealed.length * 4)
      return undefined;
    const cipher = crypto.createDecipheriv(CIPHER, this.#known().seal, sealed.subarray(0, NONCE));
    cipher.setAAD(Buffer.from(binding));
    cipher.setAuthTag(sealed.subarray(-TAG));
    try {
      const padded = Buffer.concat([cipher.update(sealed.subarray(NONCE, -TAG)), cipher.final()]);
      return JSON.parse(padded.toString()) as Read;
    } catch {
      return undefined;
    }
  };

  /** The moment, so roughly that answers stay what they are for half of a cursor's life. */
  #moment(): number {
    const half = Math.max(1, Math.floor(this.#options.maxAge / 2));
    return Math.floor(this.#now() / half) * half;
  }

  /** Made when they are first wanted: some runtimes have no randomness before the first request. */
  #known(): Keys {
    if (this.#keys !== undefined) return this.#keys;
    const { secret } = this.#options;
    const bytes =
      secret === undefined
        ? crypto.randomBytes(2 * KEY)
        : new Uint8Array(crypto.hkdfSync("sha256", secret, "", WAY, 2 * KEY));
    return (this.#keys = { seal: bytes.subarray(0, KEY), choose: bytes.subarray(KEY) });
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    const { secret, named, warn } = this.#options;
    for (const sentence of [...(secret === undefined ? [MORTAL] : []), ...(named ? [] : [ANYBODYS])])
      try {
        warn(sentence);
      } catch {} // what is told cannot change an answer
  }
}

const MORTAL = `cursors: they end with this process, and no other one takes them; give the route a \`secret\` of ${LEAST_SECRET} characters or more`;
const ANYBODYS =
  "cursors: whoever is handed another's learns where its row stands among his own; name who asks by the route's `caller`";
