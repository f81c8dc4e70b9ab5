import { type Method, METHOD_OF, type MethodTraits, traitsOf } from "../request/request.ts";
import { numbersOf } from "./aggregate.ts";
import { readAnswers, writeAnswers } from "./answer-example.ts";
import { bodyOf, takesBody } from "./body.ts";
import type {
  ExampleObject,
  JSONSchema,
  MediaObject,
  OperationObject,
  ParameterObject,
  RequestBodyObject,
  ResponseObject,
} from "./document.ts";
import { refusalsOf, type Telling } from "./errors.ts";
import { inBody } from "./in-body.ts";
import { streamOf } from "./live.ts";
import type { Tools } from "./filter.ts";
import type { RuleNode } from "./node.ts";
import { parametersOf } from "./parameters.ts";
import { PATCH } from "./patch.ts";
import { rowOf } from "./row.ts";
import { type WriteExample, writeExample } from "./write-example.ts";

/** What a document says beside the rules. */
export interface Ground extends Tools {
  readonly telling: Telling;
  /** Whether a formatter of the route makes all answers. */
  readonly formatted: boolean;
  /** Whether JSON Patch is taken. */
  readonly jsonPatch: boolean;
}

/** What a method does, in a word. */
const VERBS: Readonly<Record<MethodTraits["action"], string>> = {
  read: "Reads",
  insert: "Adds to",
  update: "Changes",
  delete: "Removes from",
  inspect: "Says what may be done with",
};

/** What one method does with a resource, by the rules that answer it. */
export function operationOf(
  method: Method,
  resource: string,
  rules: readonly RuleNode[],
  ground: Ground,
): OperationObject {
  const { components, telling } = ground;
  const traits = traitsOf(method);
  const [first] = rules;
  const example = first !== undefined && traits.writes ? writeExample(first, ground) : undefined;
  const parameters = first === undefined ? [] : parametersOf(method, rules, example, ground);
  return {
    operationId: components.nameOf(`${method.toLowerCase()}_${resource}`),
    summary: `${VERBS[traits.action]} \`${resource}\``,
    ...(example !== undefined &&
      "unknown" in example && { description: `There is no example: ${example.unknown}.` }),
    tags: [resource],
    parameters: [...parameters, ...(first === undefined ? [] : headersOf(traits, first, ground))],
    ...(first !== undefined &&
      takesBody(first) && { requestBody: requestOf(traits, rules, example, ground) }),
    ...(method === METHOD_OF.read && first !== undefined && { "x-question-in-body": inBody(parameters) }),
    responses: {
      ...answersOf(traits, resource, rules, example, ground),
      ...refusalsOf(traits.action, telling, components),
    },
  };
}

export const header = (
  name: string,
  description: string,
  schema: JSONSchema = { type: "string" },
): ParameterObject => ({
  name,
  in: "header",
  description,
  schema,
});

function headersOf(
  { action, writes }: MethodTraits,
  { policy }: RuleNode,
  { telling }: Ground,
): readonly ParameterObject[] {
  if (!writes)
    return [
      header("If-None-Match", "the `ETag` of an answer that is known"),
      ...(telling.live && policy.live !== undefined
        ? [header("Last-Event-ID", "of a stream, the id of the answer that is known")]
        : []),
    ];
  const { version } = policy.facts ?? {};
  const versioned = version !== undefined && action !== "insert" && policy.readable.has(version.name);
  const tried = policy.dryRun ? "`tx=rollback`, " : "";
  return [
    header("Prefer", `${tried}\`max-affected\`, \`min-affected\`, \`return=minimal\`, \`handling=strict\``),
    ...(versioned ? [header("If-Match", `the \`${version.name}\` of the rows, as \`"7"\``)] : []),
    ...(telling.keys ? [header("Idempotency-Key", "a write under a key is done once", KEY)] : []),
  ];
}

export const KEY: JSONSchema = { type: "string", pattern: "^[!-~]{1,255}$" };

/** The media types of bodies that are rows, and those of changes beside. */
const BODIES = ["application/json", "application/rjson", "application/x-www-form-urlencoded"] as const;

function requestOf(
  { action }: MethodTraits,
  rules: readonly RuleNode[],
  example: WriteExample | undefined,
  ground: Ground,
): RequestBodyObject {
  const schemas = rules.map((node) => bodyOf(node, ground));
  const schema = schemas.length === 1 ? schemas[0]! : { anyOf: schemas };
  const json: MediaObject = {
    schema,
    ...(example !== undefined &&
      "body" in example && { examples: { [example.name]: { value: example.body } } }),
  };
  const changes = action === "update" ? changesOf(schema, ground) : {};
  return {
    required: true,
    content: {
      [BODIES[0]]: json,
      ...Object.fromEntries(BODIES.slice(1).map((type) => [type, { schema }])),
      ...changes,
    },
  };
}

const changesOf = (schema: JSONSchema, { jsonPatch }: Ground): Readonly<Record<string, MediaObject>> => ({
  "application/merge-patch+json": { schema },
  ...(jsonPatch && { "application/json-patch+json": { schema: PATCH } }),
});

function answersOf(
  { action, bodiless }: MethodTraits,
  resource: string,
  rules: readonly RuleNode[],
  example: WriteExample | undefined,
  ground: Ground,
): Readonly<Record<string, ResponseObject>> {
  if (action === "inspect")
    return { 204: { description: "the methods that may be used", headers: { Allow: ALLOW } } };
  const schemas = rules.flatMap((node) => answerOf(action, resource, node, ground));
  const schema = schemas.length === 1 ? schemas[0]! : { anyOf: schemas };
  const read = action === "read";
  const examples = examplesOf(resource, rules[0]!, example, ground);
  return {
    200: {
      description: read ? "what was asked for" : "what was written",
      ...(read && { headers: { ETag: ETAG } }),
      ...(bodiless !== true && {
        content: {
          "application/json": { schema, ...(Object.keys(examples).length > 0 && { examples }) },
          ...(ground.telling.live &&
            read &&
            rules.some(({ policy }) => policy.live !== undefined) &&
            streamOf(schema)),
        },
      }),
    },
    ...(read && { 304: { description: "nothing has changed" } }),
  };
}

/** Answers that are made up, each by the name of what is asked. */
function examplesOf(
  resource: string,
  node: RuleNode,
  example: WriteExample | undefined,
  ground: Ground,
): Readonly<Record<string, ExampleObject>> {
  if (ground.formatted || node.policy.formatResult !== undefined || node.access.params.length > 0) return {};
  return example === undefined
    ? readAnswers(resource, node, ground)
    : writeAnswers(resource, node, example, ground);
}

const TEXT: JSONSchema = { type: "string" };
const ALLOW = { description: "the methods, with commas between", schema: TEXT };
const ETAG = { description: "names this very answer", schema: TEXT };
const COUNT: JSONSchema = { type: "integer", minimum: 0 };
const CURSOR: JSONSchema = { type: ["string", "null"] };
const PAGE: JSONSchema = {
  type: "object",
  properties: { next: CURSOR, previous: CURSOR },
  required: ["next", "previous"],
};

/** The answers of a rule, each kind of them. */
export function answerOf(
  action: MethodTraits["action"],
  resource: string,
  node: RuleNode,
  ground: Ground,
): readonly JSONSchema[] {
  const { policy, name, access } = node;
  if (ground.formatted || policy.formatResult !== undefined)
    return [{ description: "as its author formats it" }];
  const mention = (kind: string, make: () => JSONSchema): JSONSchema =>
    ground.components.schema(`${name}.${kind}`, make);
  const row = (): JSONSchema => rowOf(node, ground);
  if (action !== "read")
    return [mention("Written", () => writtenOf(action, resource, policy.selects ? row() : undefined))];
  const { aggregate } = access;
  return [
    ...(policy.selects && policy.findFirst !== true ? [mention("List", () => listOf(resource, row()))] : []),
    ...(policy.selects && policy.findFirst !== false ? [mention("One", () => oneOf(resource, row()))] : []),
    ...(aggregate === undefined
      ? []
      : [mention("Aggregated", () => aggregatedOf(resource, numbersOf(node, aggregate, ground)))]),
  ];
}

const listOf = (resource: string, row: JSONSchema): JSONSchema => ({
  type: "object",
  properties: {
    total: COUNT,
    filtered: COUNT,
    count: COUNT,
    page: PAGE,
    more: { const: true, description: "rows were left out that no `limit` named" },
    [resource]: { type: "array", items: row },
  },
  required: ["count"],
});

const oneOf = (resource: string, row: JSONSchema): JSONSchema => ({
  type: "object",
  properties: { total: COUNT, filtered: COUNT, [resource]: { anyOf: [row, { type: "null" }] } },
  required: [resource],
});

const aggregatedOf = (resource: string, numbers: JSONSchema): JSONSchema => ({
  type: "object",
  properties: {
    filtered: COUNT,
    count: COUNT,
    more: { const: true },
    [resource]: { anyOf: [numbers, { type: "array", items: numbers }] },
  },
  required: [resource],
});

const writtenOf = (
  action: MethodTraits["action"],
  resource: string,
  row: JSONSchema | undefined,
): JSONSchema => ({
  type: "object",
  properties: {
    total: COUNT,
    rowsAffected: COUNT,
    ...(action === "insert" && { inserted: COUNT }),
    count: COUNT,
    ...(row !== undefined && { [resource]: { type: "array", items: row } }),
  },
  required: ["rowsAffected", "count"],
});
