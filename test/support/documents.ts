import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv, { type ValidateFunction } from "ajv/dist/2020.js";
import { expect } from "bun:test";
import type { JSONSchema, OpenAPIDocument, OperationObject, ParameterObject } from "@bepalo/query/openapi";

const validator = new Validator();

/** Fails for what is no OpenAPI document. */
export async function expectValid(document: OpenAPIDocument): Promise<void> {
  const { errors, valid } = await validator.validate(structuredClone(document) as never);
  expect({ errors, valid }).toEqual({ errors: undefined, valid: true });
}

/** A request that a document gives as an example. */
export interface Posed {
  readonly name: string;
  readonly method: string;
  /** Path and query, behind the server's own. */
  readonly url: string;
  readonly body?: unknown;
  readonly operation: OperationObject;
}

/** All examples of a document: what is required goes with each of them, and what goes by the same name together. */
export function* posedBy({ paths }: OpenAPIDocument): Iterable<Posed> {
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations)) {
      const { parameters, requestBody } = operation;
      const bodies = requestBody?.content["application/json"]?.examples ?? {};
      const names = new Set([
        ...parameters.filter(isFree).flatMap(({ examples = {} }) => Object.keys(examples)),
        ...Object.keys(bodies),
      ]);
      for (const name of names) {
        if (requestBody !== undefined && bodies[name] === undefined) continue;
        const pairs = parameters.flatMap((parameter) => valueIn(parameter, name));
        const query = pairs.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
        yield {
          name,
          method: method.toUpperCase(),
          url: query.length > 0 ? `${path}?${query.join("&")}` : path,
          operation,
          ...(bodies[name] !== undefined && { body: bodies[name].value }),
        };
      }
    }
}

const isFree = ({ name, required }: ParameterObject): boolean => required !== true || name === "select";

function valueIn(parameter: ParameterObject, name: string): [string, string][] {
  const { examples = {} } = parameter;
  const example = isFree(parameter) ? examples[name] : Object.values(examples)[0];
  return example === undefined ? [] : [[parameter.name, String(example.value)]];
}

/** Judges answers by a document, in which no object has members that it does not tell of. */
export class Judge {
  readonly #ajv = new Ajv({
    strict: false,
    validateFormats: false,
    allErrors: true,
    code: { optimize: false },
  });
  readonly #document: OpenAPIDocument;
  readonly #known = new Map<string, ValidateFunction>();

  constructor(document: OpenAPIDocument) {
    this.#document = document;
    this.#ajv.addSchema({ $id: "document:", components: closed(document.components) });
  }

  /** Fails for an answer that an operation does not document. */
  expect({ operation, ...posed }: Posed, status: number, body: unknown): void {
    const response = operation.responses[status];
    expect([posed, status, body, response !== undefined]).toEqual([posed, status, body, true]);
    const [, name] = /^#\/components\/responses\/(.+)$/.exec(response!.$ref ?? "") ?? [];
    const { content } = name === undefined ? response! : this.#document.components.responses[name]!;
    if (content === undefined) return expect(body).toBeUndefined();
    const { schema, examples = {} } = content["application/json"]!;
    const example = examples[posed.name]?.value;
    const valid = this.#validate(schema);
    for (const answer of example === undefined ? [body] : [body, example]) {
      valid(answer);
      expect([posed, answer, valid.errors ?? []]).toEqual([posed, answer, []]);
    }
    if (status === 200 && example !== undefined) expectAlike(body, example);
  }

  /** Whether a value is of a schema of the document. */
  takes(schema: JSONSchema, value: unknown): boolean {
    return this.#validate(schema)(value);
  }

  #validate(schema: JSONSchema): ValidateFunction {
    const text = JSON.stringify(closed(schema)).replaceAll('"$ref":"#/', '"$ref":"document:#/');
    let known = this.#known.get(text);
    if (known === undefined) this.#known.set(text, (known = this.#ajv.compile(JSON.parse(text) as object)));
    return known;
  }
}

/** Fails where rows of an answer have other members than those of an example: lists may be empty, and rows missing. */
function expectAlike(answer: unknown, example: unknown): void {
  if (Array.isArray(answer) && Array.isArray(example))
    for (const [place, row] of answer.entries()) expectAlike(row, example[place] ?? example[0]);
  if (!isMap(answer) || !isMap(example) || isJSON(example)) return;
  expect(Object.keys(answer).toSorted()).toEqual(Object.keys(example).toSorted());
  for (const [name, member] of Object.entries(answer)) expectAlike(member, example[name]);
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands for any document, in place of rows. */
const isJSON = (value: unknown): boolean => JSON.stringify(value) === '{"example":true}';

/** A copy whose objects are closed. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, closed(member)]));
  const isObject = typeof copy["properties"] === "object" && copy["additionalProperties"] === undefined;
  return isObject ? { ...copy, additionalProperties: false } : copy;
}
