import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import ts from "typescript-5.9";
import { options, root } from "../support/typescript.ts";

// What an editor shows: the text of hovers and errors, and the names it offers. Asked of TypeScript's language service.

const file = join(root, "test/types/shown.ts");

const application = `
import type { ACL, ColumnChoice, InferApi } from "@bepalo/query";
import { createQueryClient, type PatchBody, type PostBody, type ReadQuestion } from "@bepalo/query/client";
import { mutationOptions, queryOptions } from "@bepalo/query/tanstack";
import { relations } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const users = sqliteTable("users", { id: integer().primaryKey(), name: text().notNull() });
const tasks = sqliteTable("tasks", {
  id: integer().primaryKey(),
  title: text().notNull(),
  status: text({ enum: ["todo", "done"] }).notNull(),
  due: integer({ mode: "timestamp_ms" }),
  ownerId: integer().notNull(),
});
const taskRelations = relations(tasks, ({ one }) => ({ owner: one(users, { fields: [tasks.ownerId], references: [users.id] }) }));
const userRelations = relations(users, ({ many }) => ({ tasks: many(tasks) }));
const schema = { users, tasks, taskRelations, userRelations };
type Schema = typeof schema;
const acl = {
  tasks: {
    table: "tasks",
    control: {
      GET: { all: { select: true, with: { owner: { select: { columns: ["id", "name"] } } } } },
      POST: { all: { select: true, injectBody: (body, { me }) => ({ ...body, ownerId: me }) } },
      PATCH: { all: { select: true } },
      DELETE: { all: { requireWhere: true } },
    },
  },
  users: { table: "users", control: { GET: { all: { select: true, with: { tasks: true } } } } },
} satisfies ACL<"admin", { me: number }, object, Schema>;
type Api = InferApi<typeof acl, Schema>;
const api = createQueryClient<Api>();
type Where = NonNullable<ReadQuestion<Api, "tasks">["where"]>;
declare const key: string;
`;

/** Where each line stands in the file, and in it the place of its `^`, which is taken out. */
const places = new Map<string, { readonly from: number; readonly at: number; readonly to: number }>();
let code = application;

/** Takes rows of lines and what is shown there, and writes the lines below the application, each a block of its own. */
function lines<Row extends readonly [line: string, ...shown: readonly unknown[]]>(...rows: readonly Row[]) {
  for (const [line] of rows) {
    const block = `{ ${line.replace("^", "")} }\n`;
    const mark = line.indexOf("^");
    places.set(line, { from: code.length, at: code.length + 2 + mark, to: code.length + block.length });
    code += block;
  }
  return rows;
}

const HOVERS = lines(
  [
    `type ^Body = PostBody<Api, "tasks">;`,
    `type Body = { readonly title: string; readonly status: "todo" | "done"; readonly due?: string | number | Date | null | undefined; readonly ownerId?: number | undefined; }`,
  ],
  [
    `type ^Body = PatchBody<Api, "tasks">;`,
    `type Body = { readonly title?: string | undefined; readonly status?: "todo" | "done" | undefined; readonly due?: string | number | Date | null | undefined; readonly ownerId?: number | undefined; }`,
  ],
  [`const { ^due } = {} as PatchBody<Api, "tasks">;`, `const due: string | number | Date | null | undefined`],
  [
    `void api.^post("tasks", { title: "a", status: "todo" });`,
    `(property) ApiClient<Api>.post: <"tasks", { title: "a"; status: "todo"; }, PostDraft<Api, "tasks">>(resource: "tasks", body: { title: "a"; status: "todo"; }, question?: PostDraft<Api, "tasks"> | undefined, init?: RequestOptions) => Promise<{ tasks: { id: number; title: string; status: "todo" | "done"; due: string | null; ownerId: number; }[]; rowsAffected: number; count: number; }>`,
  ],
  [
    `void api.^patch("tasks", { title: "a" }, { where: { id: 1 } });`,
    `(property) ApiClient<Api>.patch: <"tasks", { title: "a"; }, { where: { id: 1; }; }, { where: { id: 1; }; }>(resource: "tasks", body: { title: "a"; }, question?: { where: { id: 1; }; } | undefined, init?: RequestOptions) => Promise<{ tasks: { id: number; title: string; status: "todo" | "done"; due: string | null; ownerId: number; }[]; rowsAffected: number; count: number; }>`,
  ],
  [
    `void api.^get("tasks", { columns: { id: true }, with: { owner: true } });`,
    `(property) ApiClient<Api>.get: <"tasks", { columns: { id: true; }; with: { owner: true; }; }>(resource: "tasks", question?: { columns: { id: true; }; with: { owner: true; }; } | undefined, init?: RequestOptions) => Promise<{ tasks: { id: number; owner: { id: number; name: string; }; }[]; count: number; }>`,
  ],
  [
    `void api.^get("tasks", { columns: { id: true }, where: { "status.in": ["todo"] } });`,
    `(property) ApiClient<Api>.get: <"tasks", { columns: { id: true; }; where: { "status.in": ["todo"]; }; }>(resource: "tasks", question?: { columns: { id: true; }; where: { "status.in": ["todo"]; }; } | undefined, init?: RequestOptions) => Promise<{ tasks: { id: number; }[]; count: number; }>`,
  ],
  [
    `void api.first("users").then((^answer) => answer);`,
    `(parameter) answer: { users: { id: number; name: string; } | null; }`,
  ],
  [
    `const ^query = queryOptions(api).get("users");`,
    `const query: Query<{ users: { id: number; name: string; }[]; count: number; }>`,
  ],
  [
    `const ^mutation = mutationOptions(api).patch("tasks", { columns: { id: true } });`,
    `const mutation: Mutation<{ readonly where: FilterOf<Api, "tasks", "PATCH">; readonly body: { readonly title?: string | undefined; readonly status?: "todo" | "done" | undefined; readonly due?: string | number | Date | null | undefined; readonly ownerId?: number | undefined; }; }, { tasks: { id: number; }[]; rowsAffected: number; count: number; }>`,
  ],
);

const ERRORS = lines(
  [
    `const where: Where = { statu: "todo" };`,
    `Object literal may only specify known properties, and 'statu' does not exist in type 'Where'.`,
  ],
  [
    `const where: NonNullable<ReadQuestion<Api, "tasks">["where"]> = { OR: [{ "status.lke": "todo" }] };`,
    `Object literal may only specify known properties, and '"status.lke"' does not exist in type 'FilterOf<Api, "tasks", "GET">'.`,
  ],
  [
    `const where: Where = { status: "tod" };`,
    `Type '"tod"' is not assignable to type '"todo" | "done" | null | undefined'. Did you mean '"todo"'?`,
  ],
  [
    `void api.get("tasks", { where: { ["statu"]: "todo" } });`,
    `Type '"todo"' is not assignable to type '"\`tasks\` lets out no column \`statu\`"'.`,
  ],
  [
    `void api.get("tasks", { where: { [key]: "todo" } });`,
    `Type '{ [key]: string; }' is not assignable to type '"a computed key is checked by nobody: spell it out"'.`,
  ],
  [
    `void api.get("tasks", { where: { "status.in": ["tod"] } });`,
    `Type '"tod"' is not assignable to type '"todo" | "done"'. Did you mean '"todo"'?`,
  ],
  [
    `void api.get("tasks", { columns: { idd: true }, where: { "status.in": ["todo"] } });`,
    `Type 'true' is not assignable to type '"\`tasks\` lets out no column \`idd\`"'.`,
  ],
  [
    `void api.delete("tasks");`,
    `Argument of type '"tasks"' is not assignable to parameter of type '"\`tasks\` wants a filter: say which rows with \`where\`"'.`,
  ],
  [`void api.delete("tasks", { where: { id: "1" } });`, `Type 'string' is not assignable to type 'number'.`],
  [
    `void api.post("tasks", [{ title: "a", status: "todo" }, { title: "a" }]);`,
    `Property 'status' is missing in type '{ title: string; }' but required in type '{ title: string; status: "todo" | "done"; }'.`,
  ],
  [
    `void api.post("tasks", { title: "a", status: "todo", statu: 1 });`,
    `Type 'number' is not assignable to type '"\`tasks\` takes no \`statu\`"'.`,
  ],
  [
    `const rule: ColumnChoice<"id" | "title"> = { columns: ["titel"] };`,
    `Type '"titel"' is not assignable to type '"id" | "title"'. Did you mean '"title"'?`,
  ],
);

/** What takes several lines says it in its last. */
const LAST_LINES = lines(
  [
    `const where: Where = { [key]: "todo" };`,
    `Type 'string' is not assignable to type '"a computed key is checked by nobody: spell it out"'.`,
  ],
  [
    `const rule: ColumnChoice<"id" | "title"> = { columns: new Set(["titel"]) };`,
    `Type '"titel"' is not assignable to type '"id" | "title"'. Did you mean '"title"'?`,
  ],
);

const OFFERS = lines(
  [`void api.get("tasks", { columns: { ^ } });`, ["due", "id", "ownerId", "status", "title"]],
  [`void api.get("tasks", { with: { owner: { ^ } } });`, ["columns", "with"]],
  [`void api.get("users", { orderBy: { ^ } });`, ["id", "name"]],
  [`void api.patch("tasks", { title: "a", ^ });`, ["due", "ownerId", "status"]],
  [
    `void api.delete("tasks", { ^ });`,
    ["columns", "countTotal", "guest", "mine", "mine|guest", "where", "with"],
  ],
);

const service = ts.createLanguageService({
  ...ts.sys,
  useCaseSensitiveFileNames: () => true,
  getCompilationSettings: () => options,
  getScriptFileNames: () => [file],
  getScriptVersion: () => "0",
  getScriptSnapshot: (name) => {
    const text = name === file ? code : ts.sys.readFile(name);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => root,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
});

/** The messages of a line, each as its lines. */
function errors(line: string): readonly (readonly string[])[] {
  const { from, to } = places.get(line)!;
  return service
    .getSemanticDiagnostics(file)
    .filter(({ start }) => start !== undefined && start >= from && start < to)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n").split("\n"));
}

describe("an editor shows", () => {
  test.each(HOVERS)(
    "%s as a plain type",
    (line, text) => {
      const info = service.getQuickInfoAtPosition(file, places.get(line)!.at);
      expect(ts.displayPartsToString(info?.displayParts).replaceAll(/\s+/g, " ")).toBe(text);
    },
    60_000,
  );

  test.each(ERRORS)(
    "%s with one line of error",
    (line, text) => {
      expect(errors(line)).toEqual([[text]]);
    },
    60_000,
  );

  test.each(LAST_LINES)(
    "%s with an error that ends in what is wrong",
    (line, text) => {
      const [lines] = errors(line);
      expect(lines!.at(-1)!.trim()).toBe(text);
      expect(lines!.length).toBeLessThanOrEqual(5);
    },
    60_000,
  );

  test.each(OFFERS)(
    "%s with the names there are",
    (line, names) => {
      const { entries } = service.getCompletionsAtPosition(file, places.get(line)!.at, {})!;
      expect(entries.map(({ name }) => name.replaceAll('"', "")).toSorted()).toEqual([...names]);
    },
    60_000,
  );
});
