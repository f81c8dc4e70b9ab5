import { writeFileSync } from "node:fs";
import { openapi } from "../openapi/openapi.ts";
import { type Command, Failure } from "./command.ts";
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
    out: { value: "<file>", says: "the file it is written to" },
  },
  more: "The module is run as code. No database is needed.",
  async run({ positionals: [path], text, texts }) {
    const { acl, schema, tables, defaults } = await loadApi(path);
    const title = text("title");
    const version = text("version");
    const servers = texts("server").map((url) => ({ url }));
    const document = written(() =>
      openapi(acl, schema, {
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

function written<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error));
  }
}
