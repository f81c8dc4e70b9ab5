import { isNeeded } from "../access/access.ts";
import type { NestPolicy } from "../policy/policy.ts";
import { METHOD_OF, traitsOf } from "../request/request.ts";
import { type ColumnInfo, isNumber } from "../schema/schema.ts";
import type { JSONSchema } from "./document.ts";
import type { Tools } from "./filter.ts";
import { columnsOf, type RuleNode } from "./node.ts";
import { settableOf } from "./value.ts";

/** The columns that follow from what a nested row stands under. */
type Joined = ReadonlySet<ColumnInfo>;
const NOTHING: Joined = new Set();

/** Mentions the body of a write: a row, or of new ones a list. */
export function bodyOf(node: RuleNode, tools: Tools): JSONSchema {
  const row = rowBodyOf(node, NOTHING, tools);
  if (!isNew(node)) return row;
  const { maxRows } = node.access.limits;
  const most = maxRows === null ? {} : { maxItems: maxRows };
  return { anyOf: [row, { type: "array", items: row, minItems: 1, ...most }] };
}

export const isNew = ({ access }: RuleNode): boolean => access.methods.includes(METHOD_OF.insert);

/** The columns that a body may set; of a nested row without those that join it. */
export const settable = (node: RuleNode, joined: Joined = NOTHING): readonly ColumnInfo[] =>
  columnsOf(node, ({ writable }) => writable !== undefined).filter((column) => !joined.has(column));

function rowBodyOf(node: RuleNode, joined: Joined, tools: Tools): JSONSchema {
  const under = [...joined].map(({ name }) => name).join(".");
  const name = under === "" ? `${node.name}.Body` : `${node.name}.BodyWithout.${under}`;
  return tools.components.schema(name, () => validatedBody(node) ?? columnsBody(node, joined, tools));
}

/** What a validator says itself that it takes, where it can (https://standardschema.dev/json-schema). */
export function validatedBody({ policy }: RuleNode): JSONSchema | undefined {
  const { validateBody } = policy;
  if (validateBody === undefined || !("~standard" in validateBody)) return undefined;
  const { jsonSchema } = validateBody["~standard"] as {
    readonly jsonSchema?: { input(options: { target: string }): object };
  };
  try {
    const told = jsonSchema?.input({ target: "draft-2020-12" });
    // What it refers to stands in a document of its own.
    if (told === undefined || /"\$(?:ref|dynamicRef)"/.test(JSON.stringify(told))) return undefined;
    const { $schema: _, ...schema } = told as { readonly $schema?: string };
    return schema;
  } catch {
    return undefined; // it cannot say it
  }
}

function columnsBody(node: RuleNode, joined: Joined, tools: Tools): JSONSchema {
  const { policy } = node;
  const columns = settable(node, joined);
  const nested = nestedKeys(node);
  const needed = isNew(node) ? neededOf(node, joined).filter((column) => !nested.has(column)) : [];
  const opaque = policy.validateBody !== undefined;
  return {
    type: "object",
    ...(opaque && { description: "as far as the schema of the table says; its validator has the last word" }),
    properties: {
      ...Object.fromEntries(columns.map((column) => [column.name, valueOf(column, node, tools)])),
      ...Object.fromEntries(nestedBodies(node, tools)),
    },
    ...(needed.length > 0 && { required: needed.map(({ name }) => name) }),
    ...(!isNew(node) && { minProperties: 1 }),
    additionalProperties: opaque,
  };
}

/** A new value; a number that is there may be counted up, by who may read it. */
function valueOf(column: ColumnInfo, node: RuleNode, { components }: Tools): JSONSchema {
  const value = settableOf(column);
  if (isNew(node) || !isNumber(column) || node.access.columns[column.name]?.readable !== true) return value;
  const counted = components.schema("Increment", () => ({
    type: "object",
    properties: { $inc: { type: ["number", "string"] } },
    required: ["$inc"],
    additionalProperties: false,
  }));
  return { anyOf: [value, counted] };
}

/** The columns that a new row has to be sent with, by itself: nobody else says what they are. */
function neededOf(node: RuleNode, joined: Joined = NOTHING): readonly ColumnInfo[] {
  return settable(node, joined).filter((column) => isNeeded(node.policy, column));
}

/** The columns that follow from a row which is written with it, where there is one. */
const nestedKeys = ({ policy }: RuleNode): Joined =>
  new Set(
    [...policy.nest.values()]
      .filter(({ ownKey }) => ownKey)
      .flatMap(({ relation }) => relation.on.map(({ source }) => source)),
  );

const FILTERS: JSONSchema = {
  type: "array",
  items: { type: "object", description: "a filter that says which row" },
};

/** The rows that may be written with its own. */
function* nestedBodies(node: RuleNode, tools: Tools): Iterable<[string, JSONSchema]> {
  for (const nest of node.policy.nest.values()) {
    const verbs = Object.fromEntries(verbsOf(nest, !isNew(node), tools));
    const map: JSONSchema = {
      type: "object",
      properties: verbs,
      minProperties: 1,
      additionalProperties: false,
    };
    const list = nest.relation.kind === "many" ? verbs["create"] : undefined;
    yield [nest.name, list === undefined ? map : { anyOf: [list, map] }];
  }
}

function* verbsOf(nest: NestPolicy, change: boolean, tools: Tools): Iterable<[string, JSONSchema]> {
  const list = nest.relation.kind === "many";
  const created = nest.join === undefined ? bodyBehind(nest, METHOD_OF.insert, tools) : undefined;
  if (created !== undefined) yield ["create", list ? { type: "array", items: created } : created];
  yield ["connect", list ? FILTERS : FILTERS.items!];
  if (!change) return;
  yield ["disconnect", list ? FILTERS : { const: true }];
  if (list) yield ["set", FILTERS];
  if (nest.join !== undefined) return;
  const body = bodyBehind(nest, METHOD_OF.update, tools);
  if (body !== undefined) yield ["update", list ? changesOf(body) : body];
  if (list && tools.nodes.usual(nest.resource, METHOD_OF.delete) !== undefined) yield ["delete", FILTERS];
}

const changesOf = (body: JSONSchema): JSONSchema => ({
  type: "array",
  items: {
    type: "object",
    properties: { where: FILTERS.items!, body },
    required: ["where", "body"],
    additionalProperties: false,
  },
});

/** The body of a nested row, without what joins it, by the caller's own rule for it. */
function bodyBehind(
  { resource, relation, ownKey }: NestPolicy,
  method: (typeof METHOD_OF)["insert" | "update"],
  tools: Tools,
): JSONSchema | undefined {
  const rule = tools.nodes.usual(resource, method);
  const joined = ownKey ? NOTHING : new Set(relation.on.map((pair) => pair.target));
  return rule && rowBodyOf(rule, joined, tools);
}

/** Whether a method takes a body. */
export const takesBody = ({ access }: RuleNode): boolean =>
  access.methods.some((method) => ["insert", "update"].includes(traitsOf(method).action));
