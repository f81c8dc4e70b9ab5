import { stringify } from "../rjson/rjson.ts";
import { type Method, type MethodTraits, type Scope, traitsOf } from "../request/request.ts";
import { aggregateOf } from "./aggregate.ts";
import type { ExampleObject, JSONSchema, ParameterObject } from "./document.ts";
import { aggregatesOf, inURL, selectorsOf } from "./example.ts";
import type { Tools } from "./filter.ts";
import type { RuleNode } from "./node.ts";
import { selectorOf } from "./selector.ts";
import type { WriteExample } from "./write-example.ts";

/** The media type of what stands in a URL. */
const RJSON = "application/rjson";

const flag = (name: string, description: string): ParameterObject => ({
  name,
  in: "query",
  description,
  allowEmptyValue: true,
  schema: { type: "string", enum: ["", "T", "F", "true", "false"] },
});

const FLAGS: Readonly<Record<string, string>> = {
  findFirst: "one row in place of a list",
  countTotal: "counts the rows of the rule, whatever the filter",
  countFiltered: "counts the rows that the filter leaves, whatever the page",
  cursor: "tells where the pages beside this one are",
  can: "tells of each row which changes of the caller's would reach it",
};

/** The parameters of a method of a resource, by the rules that answer it. */
export function parametersOf(
  method: Method,
  rules: readonly RuleNode[],
  example: WriteExample | undefined,
  tools: Tools,
): readonly ParameterObject[] {
  const [first] = rules as readonly [RuleNode];
  const traits = traitsOf(method);
  const declared = declaredBy(rules);
  // What is asked for beside the author's own parameters, only he knows.
  const examples = declared.length === 0;
  return [
    ...scopesOf(rules),
    ...declared,
    ...selectsOf(traits, rules, examples ? selectsFor(traits, first, example, tools) : {}, tools),
    ...flagsOf(traits, first),
    ...aggregatesIn(traits, first, examples, tools),
    ...(traits.parameters.has("onConflict") ? [ON_CONFLICT] : []),
  ];
}

/** A scope that no question goes without is required: which of several, the first rule says. */
function scopesOf(rules: readonly RuleNode[]): readonly ParameterObject[] {
  const [{ access: first }] = rules as readonly [RuleNode];
  if (!first.scopes.includes("none"))
    return [
      {
        name: first.scopes[0]!,
        in: "query",
        description: "the scope that the rule is for",
        required: true,
        allowEmptyValue: true,
        schema: { type: "string", enum: ["", "T", "true"] },
        examples: { scope: { value: "T" } },
      },
    ];
  const scopes = new Set(rules.flatMap(({ access }) => access.scopes).filter((scope) => scope !== "none"));
  return [...scopes].map((scope: Scope) =>
    flag(scope, `asks by the rules of the scope \`${scope}\`; one scope at most`),
  );
}

function declaredBy(rules: readonly RuleNode[]): readonly ParameterObject[] {
  const names = new Set(rules.flatMap(({ access }) => access.params));
  return [...names].map((name) => ({
    name,
    in: "query",
    description: "declared by the resource",
    schema: { type: "string" },
  }));
}

const inText = (contentSchema: JSONSchema): JSONSchema => ({
  type: "string",
  contentMediaType: RJSON,
  contentSchema,
});

function selectsOf(
  { parameters }: MethodTraits,
  rules: readonly RuleNode[],
  given: Readonly<Record<string, ExampleObject>>,
  tools: Tools,
): readonly ParameterObject[] {
  if (!parameters.has("select")) return [];
  const [first] = rules as readonly [RuleNode];
  const schemas = rules.map((node) => selectorOf(node, node.access.limits, tools));
  return [
    {
      name: "select",
      in: "query",
      description: "what is asked for, as RJSON",
      ...(first.access.requireWhere !== undefined && { required: true }),
      schema: inText(schemas.length === 1 ? schemas[0]! : { anyOf: schemas }),
      ...(Object.keys(given).length > 0 && { examples: given }),
    },
  ];
}

function selectsFor(
  { writes }: MethodTraits,
  node: RuleNode,
  example: WriteExample | undefined,
  tools: Tools,
): Readonly<Record<string, ExampleObject>> {
  if (!writes) return inURL(selectorsOf(node, tools));
  if (example === undefined || !("select" in example)) return {};
  return { nothing: { summary: "meets no row", value: stringify(example.select) } };
}

function flagsOf({ parameters }: MethodTraits, { policy }: RuleNode): readonly ParameterObject[] {
  const answers = (name: string): boolean =>
    parameters.has(name) &&
    !(name === "cursor" && (policy.forbids.has("cursor") || policy.findFirst === true)) &&
    !(name === "findFirst" && policy.findFirst !== undefined);
  return Object.entries(FLAGS)
    .filter(([name]) => answers(name))
    .map(([name, description]) => flag(name, description));
}

function aggregatesIn(
  { parameters }: MethodTraits,
  node: RuleNode,
  examples: boolean,
  tools: Tools,
): readonly ParameterObject[] {
  const { aggregate } = node.access;
  if (aggregate === undefined || !parameters.has("aggregate")) return [];
  const given = examples ? inURL(aggregatesOf(node)) : {};
  return [
    {
      name: "aggregate",
      in: "query",
      description:
        "numbers about rows in place of rows, as RJSON; then without `select` and the flags of rows",
      schema: inText(aggregateOf(node, aggregate, tools)),
      ...(Object.keys(given).length > 0 && { examples: given }),
    },
  ];
}

const NAMES: JSONSchema = {
  anyOf: [
    { type: "array", items: { type: "string" }, minItems: 1 },
    { type: "object", additionalProperties: { type: "boolean" }, minProperties: 1 },
  ],
};

/** What becomes of rows that are met. */
export const CONFLICT: JSONSchema = {
  type: "object",
  properties: { target: NAMES, update: NAMES, ignore: { type: "boolean" } },
  required: ["target"],
  additionalProperties: false,
};

const ON_CONFLICT: ParameterObject = {
  name: "onConflict",
  in: "query",
  description: "what becomes of new rows that meet rows which exist, as RJSON",
  schema: inText(CONFLICT),
};
