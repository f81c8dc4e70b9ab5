import { PARAMETERS } from "../../../../client/params.ts";
import { METHOD_OF, traitsOf } from "../../../request/method.ts";
import { compact, isPlain } from "./notation.ts";
import { ifVersionOf, type Versions, versionsOf } from "./versions.ts";
import { literal, LiteralReader } from "./literal.ts";
import { mapOf } from "./query.ts";
import { type Asked, type Method, normal, type Plain, type Scope, takesBody } from "./request.ts";

/** The flags that a question of the client holds; whether one row is meant, its method says. */
const isFlag = (name: string): boolean =>
  name !== "findFirst" && PARAMETERS[name as keyof typeof PARAMETERS] === "wish";
const isScope = (name: string): name is Scope => PARAMETERS[name as keyof typeof PARAMETERS] === "scope";

/** A question as a call of the typed client. */
export function writeClient(question: Asked): string {
  const { method, resource, aggregate, body, dryRun } = question;
  const { call, options } = callOf(question);
  const parts = [JSON.stringify(resource)];
  if (takesBody(method)) parts.push(literal(body));
  if (Object.keys(options).length > 0 || aggregate !== undefined || dryRun === true)
    parts.push(literal(options));
  if (dryRun === true) parts.push(literal({ dryRun }));
  return `await api.${call}(${parts.join(", ")});`;
}

/** What is called, and with which question. */
function callOf({ method, scope, parameters, select, aggregate, ifVersion }: Asked) {
  const { action } = traitsOf(method);
  const first = action === "read" && aggregate === undefined && parameters["findFirst"] === "";
  const options: Record<string, unknown> = scope === undefined ? {} : { [scope]: true };
  const others: Record<string, string> = {};
  for (const [name, text] of Object.entries(parameters)) {
    const value = optionOf(name, text);
    if (value !== undefined) options[name] = value;
    else if (name !== "findFirst" || !first) others[name] = text;
  }
  if (Object.keys(others).length > 0) options["params"] = others;
  if (ifVersion !== undefined) options["ifVersion"] = ifVersionOf(ifVersion);
  const call =
    aggregate === undefined ? (first ? "first" : method === METHOD_OF.read ? "get" : method) : "aggregate";
  return { call: call.toLowerCase(), options: { ...options, ...(aggregate ?? select) } };
}

/** A parameter as the client takes it; `undefined` for what it takes among `params`. */
function optionOf(name: string, text: string): unknown {
  if (isFlag(name)) return text === "" ? true : text === "F" ? false : undefined;
  if (name !== "onConflict") return undefined;
  const map = mapOf(text);
  return map !== undefined && compact(map) === text ? map : undefined;
}

/** The calls that ask or write, and by which method. */
const CALLS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["get", METHOD_OF.read],
  ["first", METHOD_OF.read],
  ["pages", METHOD_OF.read],
  ["live", METHOD_OF.read],
  ["aggregate", METHOD_OF.read],
  ["post", METHOD_OF.insert],
  ["patch", METHOD_OF.update],
  ["delete", METHOD_OF.delete],
]);

/**
 * Reads a call of the client. Only literals are read: nothing is run.
 *
 * @throws Misread.
 */
export function readClient(text: string): Asked {
  const reader = new LiteralReader(text);
  const call = readCall(reader);
  const method = CALLS.get(call)!;
  reader.demand("(");
  reader.space();
  const start = reader.at;
  const resource = reader.value();
  if (typeof resource !== "string" || resource === "")
    throw reader.misread("expected the name of a resource", undefined, start);
  const body = takesBody(method) && reader.take(",") ? reader.value() : undefined;
  const place = reader.take(",") ? (reader.space(), reader.at) : undefined;
  const options = place === undefined || reader.take(")") ? undefined : reader.value();
  if (options !== undefined && !isPlain(options))
    throw reader.misread("a question is an object", undefined, place);
  const goesOn = options !== undefined && reader.take(",");
  const isOver = goesOn ? reader.take(")") : options === undefined && place !== undefined;
  const dryRun = goesOn && !isOver && readInit(reader);
  if (!isOver) {
    reader.take(",");
    reader.demand(")");
  }
  reader.take(";");
  reader.space();
  if (reader.unit !== "") throw reader.misread("one call is read, and here is more");
  const asked = readOptions(options ?? {}, call, reader, place);
  return normal({
    method,
    resource,
    ...asked,
    ...(body !== undefined && { body }),
    ...(dryRun && { dryRun }),
  });
}

/** Reads what goes with a call: whether it is only tried out. */
function readInit(reader: LiteralReader): boolean {
  reader.space();
  const place = reader.at;
  const init = reader.value();
  const isRead = isPlain(init) && Object.keys(init).every((name) => name === "dryRun");
  const wish = isRead ? init["dryRun"] : "none";
  if (wish !== undefined && typeof wish !== "boolean")
    throw reader.misread("of what goes with a call `dryRun` is read", "write { dryRun: true }", place);
  return wish === true;
}

/** What stands before the arguments: `const { fruits } = await api.get`. */
function readCall(reader: LiteralReader): string {
  const start = reader.at;
  let name = reader.name();
  if (["const", "let", "var"].includes(name)) {
    while (reader.unit !== "" && reader.unit !== "=") reader.at++;
    reader.demand("=");
    name = reader.name();
  }
  if (name === "await") name = reader.name();
  reader.demand(".");
  reader.space();
  const place = reader.at;
  const call = reader.name();
  if (name === "" || !CALLS.has(call))
    throw reader.misread("expected a call", 'write await api.get("<resource>")', name === "" ? start : place);
  return call;
}

function readOptions(options: Plain, call: string, reader: LiteralReader, at: number | undefined) {
  const parameters: Record<string, string> = call === "first" ? { findFirst: "" } : {};
  const tree: Record<string, unknown> = {};
  let scope: Scope | undefined;
  let ifVersion: Versions | undefined;
  for (const [name, value] of Object.entries(options)) {
    if (isScope(name)) {
      if (value === true && scope !== undefined)
        throw reader.misread("only one scope can be asked for", undefined, at);
      if (value === true) scope = name;
    } else if (isFlag(name)) {
      if (value !== undefined) parameters[name] = value === true ? "" : "F";
    } else if (name === "onConflict" && isPlain(value)) parameters[name] = compact(value);
    else if (name === "params" && isPlain(value)) addTexts(parameters, value);
    else if (name === "ifVersion") {
      ifVersion = versionsOf(value);
      if (ifVersion === undefined)
        throw reader.misread("`ifVersion` takes versions", "write 7, or [7, 8]", at);
    } else tree[name] = value;
  }
  const part = call === "aggregate" ? { aggregate: tree } : { select: tree };
  return {
    parameters,
    ...part,
    ...(scope !== undefined && { scope }),
    ...(ifVersion !== undefined && { ifVersion }),
  };
}

function addTexts(parameters: Record<string, string>, params: Plain): void {
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) parameters[name] = textOf(value);
}

/** A declared parameter as the URL has it. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
