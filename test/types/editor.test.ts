import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import ts from "typescript-5.9";
import { options, root } from "../support/typescript.ts";

// What an editor shows: the text of hovers and errors, and the names it offers. Asked of TypeScript's language service.

const file = join(root, "test/types/shown.ts");

const application = `
import type { ACL, ColumnAccess, ColumnChoice, InferApi, RelationRule, StandardSchema, TableRules } from "@bepalo/query";
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
declare const org: StandardSchema & { "~standard": { types?: { input: string; output: string } } };
const shared = {
  people: { table: "users", control: { GET: { all: { select: [{ columns: ["id"] }, { columns: ["name"], when: () => true }] } } } },
  todos: {
    table: "tasks",
    params: { org },
    control: { GET: { all: { select: true, with: { owner: "people" } } }, PATCH: { all: {} } },
  },
  person: { table: "users", control: { GET: { all: { select: true, requireWhere: "key" } } } },
} satisfies ACL<"admin", { me: number }, object, Schema>;
type Shared = InferApi<typeof shared, Schema>;
const team = createQueryClient<Shared>();
type Tables = TableRules<{ me: number }, Schema>;
const visits = sqliteTable("visits", {
  id: integer().primaryKey(),
  at: integer({ mode: "timestamp_ms" }),
  goneAt: integer({ mode: "timestamp_ms" }),
  count: integer().notNull(),
  size: integer().notNull(),
});
type Visits = { visits: typeof visits };
type Access = ColumnAccess<object, typeof tasks, "id" | "title">;
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
    `type Body = { readonly title?: string | undefined; readonly status?: "todo" | "done" | undefined; readonly due?: string | number | Date | null | undefined; readonly ownerId?: number | Increment<number> | undefined; }`,
  ],
  [`const { ^due } = {} as PatchBody<Api, "tasks">;`, `const due: string | number | Date | null | undefined`],
  [
    `void api.^post("tasks", { title: "a", status: "todo" });`,
    `(property) ApiClient<Api>.post: <"tasks", { title: "a"; status: "todo"; }, PostDraft<Api, "tasks">, unknown>(resource: "tasks", body: { title: "a"; status: "todo"; }, question?: PostDraft<Api, "tasks"> | undefined, init?: WriteInit) => Promise<{ tasks: { id: number; title: string; status: "todo" | "done"; due: string | null; ownerId: number; }[]; rowsAffected: number; count: number; }>`,
  ],
  [
    `void api.^patch("tasks", { title: "a" }, { where: { id: 1 } });`,
    `(property) ApiClient<Api>.patch: <"tasks", { title: "a"; }, { where: { id: 1; }; }, { where: { id: 1; }; }>(resource: "tasks", body: { title: "a"; }, question?: { where: { id: 1; }; } | undefined, init?: WriteInit) => Promise<{ tasks: { id: number; title: string; status: "todo" | "done"; due: string | null; ownerId: number; }[]; rowsAffected: number; count: number; }>`,
  ],
  [
    `void api.^get("tasks", { columns: { id: true }, with: { owner: true } });`,
    `(property) ApiClient<Api>.get: <"tasks", { columns: { id: true; }; with: { owner: true; }; }, { columns: { id: true; }; with: { owner: true; }; }>(resource: "tasks", question?: { columns: { id: true; }; with: { owner: true; }; } | undefined, init?: RequestOptions) => Promise<{ tasks: { id: number; owner: { id: number; name: string; }; }[]; count: number; more?: true; }>`,
  ],
  [
    `void api.^get("tasks", { columns: { id: true }, where: { "status.in": ["todo"] } });`,
    `(property) ApiClient<Api>.get: <"tasks", { columns: { id: true; }; where: { "status.in": ["todo"]; }; }, { columns: { id: true; }; where: { "status.in": ["todo"]; }; }>(resource: "tasks", question?: { columns: { id: true; }; where: { "status.in": ["todo"]; }; } | undefined, init?: RequestOptions) => Promise<{ tasks: { id: number; }[]; count: number; more?: true; }>`,
  ],
  [
    `void api.first("users").then((^answer) => answer);`,
    `(parameter) answer: { users: { id: number; name: string; } | null; }`,
  ],
  [
    `void team.first("todos", { can: true, params: { org: "a" }, columns: { id: true }, with: { owner: true } }).then((^answer) => answer);`,
    `(parameter) answer: { todos: { id: number; owner: { id: number; name: string | null; $masked?: readonly "name"[]; }; $can: { PATCH?: boolean; }; } | null; }`,
  ],
  [
    `const ^query = queryOptions(api).get("users");`,
    `const query: Query<{ users: { id: number; name: string; }[]; count: number; more?: true; }>`,
  ],
  [
    `const ^mutation = mutationOptions(api).patch("tasks", { columns: { id: true } });`,
    `const mutation: Mutation<{ readonly where: FilterOf<Api, "tasks", "PATCH">; readonly body: { readonly title?: string | undefined; readonly status?: "todo" | "done" | undefined; readonly due?: string | number | Date | null | undefined; readonly ownerId?: number | Increment<number> | undefined; }; readonly ifVersion?: Version; }, { tasks: { id: number; }[]; rowsAffected: number; count: number; }>`,
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
  [
    `void team.get("person");`,
    `Argument of type '"person"' is not assignable to parameter of type '"\`person\` wants a filter: say which rows with \`where\`"'.`,
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
    `void api.get("tasks", { where: { "owner.nme": "a" } });`,
    `Type '"a"' is not assignable to type '"\`owner\` lets out no column \`nme\`"'.`,
  ],
  [
    `void api.get("tasks", { where: { "owner.name": 5 } });`,
    `Type 'number' is not assignable to type 'string'.`,
  ],
  [
    `void api.get("users", { where: { "tasks.title": "a" } });`,
    `Type '"a"' is not assignable to type '"\`tasks\` is a list: ask for \`tasks.some\`, \`none\`, \`every\` or \`count\`"'.`,
  ],
  [
    `void api.get("users", { where: { "tasks.some": { titel: "a" } } });`,
    `Type '"a"' is not assignable to type '"\`tasks\` lets out no column \`titel\`"'.`,
  ],
  [
    `void api.get("users", { orderBy: { "tasks.title": "asc" } });`,
    `Type '"asc"' is not assignable to type '"\`tasks\` is a list: sort by \`tasks.count\`"'.`,
  ],
  [
    `void api.get("users", { with: { latest: { relation: "task" } } });`,
    `Type '{ relation: string; }' is not assignable to type '"\`users\` has no relation \`task\`"'.`,
  ],
  [
    `void api.get("tasks", { count: { owner: true } });`,
    `Type 'true' is not assignable to type '"\`owner\` is one row, and is not counted"'.`,
  ],
  [
    `void api.first("tasks", { cursor: true });`,
    `Type 'true' is not assignable to type '"\`first\` answers one row, which has no \`cursor\`: call \`get\`"'.`,
  ],
  [
    `const rule: ColumnChoice<"id" | "title"> = { columns: ["titel"] };`,
    `Type '"titel"' is not assignable to type '"id" | "title"'. Did you mean '"title"'?`,
  ],
  [
    `const access: Access = { columns: ["titel"] };`,
    `Type '"titel"' is not assignable to type '"id" | "title"'. Did you mean '"title"'?`,
  ],
  [
    `const access: Access = [{ columns: ["id"] }, { columns: ["titel"], when: () => true }];`,
    `Type '"titel"' is not assignable to type '"id" | "title"'. Did you mean '"title"'?`,
  ],
  [
    `const rule: RelationRule<object, Schema, "tasks"> = { parent: { ownr: "people" } };`,
    `Object literal may only specify known properties, but 'ownr' does not exist in type '{ readonly owner?: ResourceId; }'. Did you mean to write 'owner'?`,
  ],
  [
    `const rule: RelationRule<object, Schema, "tasks"> = { deleted: "exclude" };`,
    `Type '"exclude"' is not assignable to type '"include" | "only"'.`,
  ],
  [
    `const tables: Tables = { tasks: { softDelete: "title" } };`,
    `Type '"title"' is not assignable to type '"due"'.`,
  ],
  [
    `const rule: RelationRule<object, Schema, "users"> = { parent: { tasks: "todos" } };`,
    `Type '"todos"' is not assignable to type '"no relation of \`users\` leads to one row"'.`,
  ],
  [
    `const acl = { a: { table: "users", control: { GET: { all: { select: true, parent: { tasks: "todos" } } } } } } satisfies ACL<"admin", object, object, Schema>;`,
    `Type '"todos"' is not assignable to type '"no relation of \`users\` leads to one row"'.`,
  ],
  [
    `const tables: TableRules<object, Visits> = { visits: { softDelete: "gone" } };`,
    `Type '"gone"' is not assignable to type '"at" | "goneAt" | undefined'.`,
  ],
  [
    `const tables: TableRules<object, Visits> = { visits: { version: "cnt" } };`,
    `Type '"cnt"' is not assignable to type '"count" | "size" | undefined'.`,
  ],
  [
    `const tables: TableRules<object, Schema> = { users: { softDelete: "name" } };`,
    `Type '"name"' is not assignable to type '"no column of \`users\` is a date that may be missing"'.`,
  ],
  [
    `const tables: Tables = { tasks: { version: "due" } };`,
    `Type '"due"' is not assignable to type '"ownerId"'.`,
  ],
  [
    `void team.get("todos");`,
    `Argument of type '"todos"' is not assignable to parameter of type '"\`todos\` wants parameters: say them in \`params\`"'.`,
  ],
  [`void team.get("todos", { params: { org: 5 } });`, `Type 'number' is not assignable to type 'string'.`],
  [
    `void team.get("todos", { params: { org: "a", orgg: "b" } });`,
    `Type '"b"' is not assignable to type '"\`todos\` takes no \`orgg\`"'.`,
  ],
  [
    `void team.get("people", { params: { org: "a" } });`,
    `Type '{ org: string; }' is not assignable to type '"\`people\` takes no parameters"'.`,
  ],
  [
    `void team.get("todos", { params: { org: "a" }, with: { owner: { columns: { nam: true } } } });`,
    `Type 'true' is not assignable to type '"\`owner\` lets out no column \`nam\`"'.`,
  ],
  [
    `void team.patch("todos", { title: "a" }, { params: { org: "a" }, ifVersion: "7" });`,
    `Type '"7"' is not assignable to type 'Version | undefined'.`,
  ],
  [
    `void team.get("todos", { params: { org: "a" }, ifVersion: 7 });`,
    `Type 'number' is not assignable to type '"there is no \`ifVersion\` in a GET of \`todos\`"'.`,
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
  [
    `void team.first("person", { where: key === "" ? { id: 1 } : undefined });`,
    `Type 'undefined' is not assignable to type '"\`person\` wants a filter: say which rows with \`where\`"'.`,
  ],
  [
    `void team.get("todos", { limit: 5 });`,
    `Property 'params' is missing in type '{ limit: 5; }' but required in type '{ readonly params: { readonly org: string; }; }'.`,
  ],
  [
    `void team.patch("todos", { title: "a" }, { params: { org: "a" }, ifVersion: key === "" ? 7 : undefined });`,
    `Type 'undefined' is not assignable to type '"a version that may be undefined would guard nothing"'.`,
  ],
);

const OFFERS = lines(
  [`void api.get("tasks", { columns: { ^ } });`, ["due", "id", "ownerId", "status", "title"]],
  [
    `void api.get("tasks", { with: { owner: { ^ } } });`,
    ["columns", "count", "relation", "required", "with"],
  ],
  [`void api.get("users", { orderBy: { ^ } });`, ["id", "name", "tasks.count"]],
  [`void api.get("users", { where: { "tasks.some": { status: "^" } } });`, ["done", "todo"]],
  [`void api.get("users", { count: { ^ } });`, ["tasks"]],
  [`void team.get("todos", { params: { ^ } });`, ["org"]],
  [
    `void team.first("todos", { params: { org: "a" }, ^ });`,
    [
      "can",
      "columns",
      "count",
      "countTotal",
      "guest",
      "limit",
      "mine",
      "mine|guest",
      "offset",
      "orderBy",
      "search",
      "where",
      "with",
    ],
  ],
  [`void team.get("todos", { with: { owner: { columns: { ^ } } } });`, ["id", "name"]],
  [`const tables: Tables = { tasks: { softDelete: "^" } };`, ["due"]],
  [`const tables: Tables = { tasks: { version: "^" } };`, ["ownerId"]],
  [`const rule: RelationRule<object, Schema, "tasks"> = { parent: { ^ } };`, ["owner"]],
  [`const access: Access = [{ ^ }];`, ["columns", "when"]],
  [`void api.patch("tasks", { title: "a", ^ });`, ["due", "ownerId", "status"]],
  [
    `void api.delete("tasks", { ^ });`,
    ["columns", "count", "countTotal", "guest", "ifVersion", "mine", "mine|guest", "where", "with"],
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
