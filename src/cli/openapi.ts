import { writeFileSync } from "node:fs";
import { openapi } from "../openapi/openapi.ts";
import { type Command, Failure, Misuse } from "./command.ts";
import { loadApi } from "./load.ts";

export const openapiCommand: Command = {
  name: "openapi",
  says: "writes the OpenAPI document of a role",
  takes: "<module>",
  options: {
    role: { value: "<role>", many: true, says: "who asks; more than one, strongest first; a guest without" },
    title: { value: "<text>", says: "what the API is called" },
    version: { value: "<text>", says: "which version of it this is" },
    server: { value: "<url>", many: true, says: "where it answers; /query by default" },
    batch: { value: "<number>", says: "the route takes batches, of so many requests at most" },
    live: { value: "<number>", says: "it keeps answers true, of so many questions at most in a stream" },
    problems: { says: "all its refusals are problems" },
    idempotency: { says: "it takes writes under a key" },
    "json-patch": { says: "it takes JSON Patch" },
    out: { value: "<file>", says: "the file it is written to" },
  },
  more: "The module is run as code. No database is needed.",
  async run({ positionals: [path], text, texts, flag }) {
    const features = {
      ...countOf("batch", text("batch")),
      ...countOf("live", text("live")),
      problems: flag("problems"),
      idempotency: flag("idempotency"),
      jsonPatch: flag("json-patch"),
    };
    const { acl, schema, tables, defaults } = await loadApi(path);
    const title = text("title");
    const version = text("version");
    const servers = texts("server").map((url) => ({ url }));
    const document = written(() =>
      openapi(acl, schema, {
        ...features,
        role: texts("role"),
        ...(tables !== undefined && { tables }),
        ...(defaults !== undefined && { defaults }),
        ...(title !== undefined && { title }),
        ...(version !== undefined && { version }),
        ...(servers.length > 0 && { servers }),
      }),
    );
    const out = text("out");
    const json = `${JSON.stringify(document, null, 2)}\n`;
    if (out === undefined) return { code: 0, text: json, json: document };
    written(() => writeFileSync(out, json));
    const paths = Object.keys(document.paths).length;
    return { code: 0, text: `${out}: ${paths} paths`, json: { out, paths } };
  },
};

/** @throws Misuse for what is no number of requests. */
function countOf(
  name: "batch" | "live",
  text: string | undefined,
): { readonly [Name in typeof name]?: number } {
  if (text === undefined) return {};
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new Misuse(`--${name} takes a whole number from 1`);
  return { [name]: count };
}

function written<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error));
  }
}
