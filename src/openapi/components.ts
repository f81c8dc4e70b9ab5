import type { JSONSchema, ResponseObject } from "./document.ts";

/** The parts of a document that have a name: each is made when it is mentioned first, so that circles end. */
export class Components {
  readonly #schemas = new Map<string, JSONSchema>();
  readonly #responses = new Map<string, ResponseObject>();
  /** The names that were given, by what they are names of. */
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** Mentions a schema. */
  schema(name: string, make: () => JSONSchema): JSONSchema {
    const known = this.nameOf(name);
    if (!this.#schemas.has(known)) {
      this.#schemas.set(known, {});
      this.#schemas.set(known, make());
    }
    return { $ref: `#/components/schemas/${known}` };
  }

  /** Mentions an answer. */
  response(name: string, make: () => ResponseObject): ResponseObject {
    if (!this.#responses.has(name)) this.#responses.set(name, make());
    return { $ref: `#/components/responses/${name}` };
  }

  /** A name that no other has, of the few characters that names in a document may have. */
  nameOf(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const plain = name.replaceAll(/[^\w.-]/g, "_");
    let free = plain;
    for (let count = 2; this.#taken.has(free); count++) free = `${plain}_${count}`;
    this.#taken.add(free);
    this.#names.set(name, free);
    return free;
  }

  get all(): {
    readonly schemas: Readonly<Record<string, JSONSchema>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
  } {
    return { schemas: sorted(this.#schemas), responses: sorted(this.#responses) };
  }
}

const sorted = <T>(parts: ReadonlyMap<string, T>): Readonly<Record<string, T>> =>
  Object.fromEntries([...parts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
