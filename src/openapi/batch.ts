import { type Method, METHOD_OF, RULED, traitsOf } from "../request/request.ts";
import { readAnswers } from "./answer-example.ts";
import { bodyOf, takesBody } from "./body.ts";
import type { ExampleObject, JSONSchema, OpenAPIDocument, OperationObject } from "./document.ts";
import { refusalsOf } from "./errors.ts";
import { selectorsOf } from "./example.ts";
import type { RuleNode } from "./node.ts";
import { answerOf, type Ground, header, KEY } from "./operation.ts";
import { CONFLICT } from "./parameters.ts";
import { selectorOf } from "./selector.ts";

const TEXT: JSONSchema = { type: "string" };
const FLAG: JSONSchema = { type: "boolean" };
const NAME = "$batch";

/** The path that takes lists of requests, which are done together. */
export function batchPath(
  resources: readonly string[],
  most: number,
  ground: Ground,
): OpenAPIDocument["paths"] {
  const { components, telling } = ground;
  const places = resources.flatMap((resource) => [...requestsTo(resource, ground)]);
  if (places.length === 0) return {};
  const [examples, answered] = examplesOf(places, ground);
  const schema: JSONSchema = {
    type: "array",
    items: { anyOf: places.map((place) => requestIn(place, ground)) },
    minItems: 1,
    maxItems: most,
  };
  const answers = { type: "array", items: { anyOf: answersIn(places, ground) } };
  const method = METHOD_OF.insert.toLowerCase();
  const operation: OperationObject = {
    operationId: components.nameOf(`${method}_${NAME}`),
    summary: "Does several requests in one transaction: all of them, or none",
    description:
      'In place of a value in a body or a filter `{ "$ref": "<as>.<resource>.<member>" }` stands for one of an earlier answer.',
    tags: [NAME],
    parameters: [
      header("Prefer", "`tx=rollback`, `return=minimal`, `handling=strict`"),
      ...(telling.keys ? [header("Idempotency-Key", "a write under a key is done once", KEY)] : []),
    ],
    requestBody: { required: true, content: { "application/json": { schema, ...examples } } },
    responses: {
      200: {
        description: "the answers, in the order of their requests",
        content: { "application/json": { schema: answers, ...answered } },
      },
      ...refusalsOf("update", telling, components),
    },
  };
  return { [`/${NAME}`]: { [method]: operation } };
}

const answersIn = (places: readonly Place[], ground: Ground): readonly JSONSchema[] =>
  places.flatMap(({ method, resource, rules }) =>
    rules.flatMap((rule) => answerOf(traitsOf(method).action, resource, rule, ground)),
  );

/** A method of a resource, and the rules that answer it. */
interface Place {
  readonly method: Method;
  readonly resource: string;
  readonly rules: readonly RuleNode[];
}

/** What may be asked of a resource in a batch, where parameters of its own have no place. */
function* requestsTo(resource: string, { nodes }: Ground): Iterable<Place> {
  for (const method of RULED) {
    if (traitsOf(method).bodiless === true) continue;
    const rules = nodes.of(resource, method);
    if (rules.length > 0) yield { method, resource, rules };
  }
}

/** Mentions a request of a batch. */
function requestIn({ method, resource, rules }: Place, ground: Ground): JSONSchema {
  const { parameters, action } = traitsOf(method);
  const [first] = rules as readonly [RuleNode];
  const flags = ["findFirst", "countTotal", "can"].filter((name) => parameters.has(name));
  const changes = action === "update" || action === "delete";
  const body = takesBody(first);
  const scopes = [...new Set(rules.flatMap(({ access }) => access.scopes))];
  const scoped = !scopes.includes("none");
  return ground.components.schema(`${NAME}.${resource}.${method}`, () => ({
    type: "object",
    properties: {
      method: { const: method },
      resource: { const: resource },
      as: { ...TEXT, pattern: "^[A-Za-z_]\\w{0,63}$", description: "its name for references" },
      scope: { enum: scopes.filter((scope) => scope !== "none") },
      select: {
        anyOf: [
          ...rules.map((rule) => selectorOf(rule, rule.access.limits, ground)),
          { ...TEXT, description: "the same as RJSON" },
        ],
      },
      ...(body && { body: { anyOf: rules.map((rule) => bodyOf(rule, ground)) } }),
      ...Object.fromEntries(flags.map((name) => [name, FLAG])),
      ...(changes && { ifMatch: MATCH }),
      ...(parameters.has("onConflict") && { onConflict: { anyOf: [CONFLICT, TEXT] } }),
    },
    required: ["method", "resource", ...(body ? ["body"] : []), ...(scoped ? ["scope"] : [])],
    additionalProperties: false,
  }));
}

const VERSION: JSONSchema = { type: "integer" };
const MATCH: JSONSchema = {
  description: "the versions of the rows",
  anyOf: [VERSION, { type: "array", items: VERSION }, { const: "*" }],
};

/** How many requests an example has. */
const FEW = 2;

/** A list of questions, and what it may be answered. */
function examplesOf(
  places: readonly Place[],
  ground: Ground,
): readonly [asked: { readonly examples?: Examples }, answered: { readonly examples?: Examples }] {
  const found = places.flatMap(({ method, resource, rules: [rule] }) => {
    const { policy, access } = rule!;
    if (method !== METHOD_OF.read || access.params.length > 0 || access.scopes[0] !== "none") return [];
    if (ground.formatted || policy.formatResult !== undefined) return [];
    const [[name, select] = []] = Object.entries(selectorsOf(rule!, ground));
    const answer = name === undefined ? undefined : readAnswers(resource, rule!, ground)[name];
    return answer === undefined ? [] : [{ asked: { method, resource, select }, answer: answer.value }];
  });
  const few = found.slice(0, FEW);
  if (few.length === 0) return [{}, {}];
  const named = (value: unknown): { readonly examples: Examples } => ({ examples: { together: { value } } });
  return [named(few.map(({ asked }) => asked)), named(few.map(({ answer }) => answer))];
}

type Examples = Readonly<Record<string, ExampleObject>>;
