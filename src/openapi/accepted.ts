import { isRow, judge, type Row } from "../author/author.ts";
import type { Policy } from "../policy/policy.ts";
import type { JSONSchema } from "./document.ts";
import { formatsOf } from "./made-up.ts";

/** A body that a validator lets through, and what it makes of it. */
export interface Accepted {
  readonly body: Row;
  readonly row: Row;
}

/** How often a validator is asked for one body. */
const TRIES = 64;

/**
 * A body that a validator lets through, found by asking it: what it finds wrong is written otherwise, what it misses is
 * added. `undefined` where none is found, or where it does not say so of a body alone.
 */
export function acceptedBy(
  validator: NonNullable<Policy["validateBody"]>,
  start: readonly string[],
  candidates: (name: string) => readonly unknown[],
): Accepted | undefined {
  const places = new Map(start.map((name) => [name, 0]));
  for (let tries = 0; tries < TRIES; tries++) {
    const body: Row = Object.fromEntries([...places].map(([name, place]) => [name, candidates(name)[place]]));
    const judged = judge(validator, structuredClone(body));
    if (judged === undefined) return undefined;
    if ("value" in judged) return isRow(judged.value) ? { body, row: judged.value } : undefined;
    const wrong = new Set(judged.issues.flatMap(({ path: [first] = [] }) => nameOf(first)));
    if (wrong.size === 0) return undefined;
    for (const name of wrong) {
      const place = (places.get(name) ?? -1) + 1;
      if (place >= candidates(name).length) return undefined;
      places.set(name, place);
    }
  }
  return undefined;
}

const nameOf = (part: PropertyKey | { readonly key: PropertyKey } | undefined): readonly string[] => {
  const name = typeof part === "object" ? part.key : part;
  return typeof name === "string" ? [name] : [];
};

/** More members, or signs, than anybody wants to see in an example. */
const MANY = 1_000;

/** Values of a schema that a validator tells, the likeliest first; another text for each variant. */
export function valuesOf(schema: JSONSchema, variant: number, depth = 0): readonly unknown[] {
  if (depth > 4) return [];
  const { enum: members, anyOf } = schema;
  if ("const" in schema) return [schema.const];
  if (members !== undefined) return members;
  if (anyOf !== undefined) return anyOf.flatMap((one) => valuesOf(one, variant, depth + 1));
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  return types.flatMap((type) => ofType(type, schema, variant, depth));
}

function ofType(type: string, schema: JSONSchema, variant: number, depth: number): readonly unknown[] {
  switch (type) {
    case "string":
      return textsOf(schema, variant);
    case "integer":
    case "number": {
      const least = schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
      return [Math.min(least, schema.maximum ?? least)];
    }
    case "boolean":
      return [true, false];
    case "array": {
      const { items, minItems = 0 } = schema;
      const [item] = items === undefined ? [] : valuesOf(items, variant, depth + 1);
      const length = Math.max(item === undefined ? 0 : 1, minItems);
      return length > MANY ? [] : [Array.from({ length }, () => item)];
    }
    case "object": {
      const { properties = {}, required = [] } = schema;
      return [
        Object.fromEntries(
          required.map((name) => [name, valuesOf(properties[name] ?? {}, variant, depth + 1)[0]]),
        ),
      ];
    }
    default:
      return type === "null" ? [null] : [];
  }
}

function textsOf(
  { format = "", minLength = 0, maxLength = MANY }: JSONSchema,
  variant: number,
): readonly string[] {
  const formats = formatsOf(variant);
  const known = Object.hasOwn(formats, format) ? [formats[format]!] : [];
  const text = variant > 0 ? `example-${variant}` : "example";
  return minLength > MANY ? known : [...known, text.padEnd(minLength, " example").slice(0, maxLength)];
}
