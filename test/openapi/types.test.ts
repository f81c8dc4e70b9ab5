import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as generator from "openapi-typescript";
import { open } from "@/db/open";
import { startSandbox } from "@/index";
import { ONE_CHECKER } from "../support/compiler.ts";

type Generator = Pick<typeof generator, "default" | "astToString">;

// The types that openapi-typescript makes of a document compile, and what is written with them is answered.

const root = join(import.meta.dir, "../..");
const modules = join(root, "node_modules");

/** A program that knows the API by its document alone. */
const PROGRAM = `
import { stringify } from "@bepalo/query/rjson";
import type { components, paths } from "./api";

type Schemas = components["schemas"];
type Answer = paths["/fruits"]["get"]["responses"]["200"]["content"]["application/json"];
type Refusal = components["responses"]["read.400"]["content"]["application/json"];

const ask = async (url: string): Promise<Response> => fetch(process.argv[2] + url);

const select: Schemas["fruits.GET.Select"] = {
  columns: { name: true, createdAt: true },
  where: { "sweetness.gte": 8, "basket.is": { "capacity.lt": 1_000 }, NOT: { name: "nothing" } },
  orderBy: { sweetness: "desc" },
  with: { basket: { columns: { name: true } } },
  limit: 2,
};
const found = (await (await ask("/fruits?select=" + encodeURIComponent(stringify(select)))).json()) as Answer;
if (!("fruits" in found) || !Array.isArray(found.fruits)) throw new Error("no fruits");
const rows: readonly Schemas["fruits.GET"][] = found.fruits as Schemas["fruits.GET"][];
const named: (string | undefined)[] = rows.map(({ name }) => name);
const basket: string | undefined = rows[0]?.basket?.name;
const sweet: number | undefined = rows[0]?.sweetness;

// @ts-expect-error there is no such column
const misspelt: Schemas["fruits.GET.Select"] = { columns: { nmae: true } };
// @ts-expect-error a new fruit lies in a basket
const homeless: Schemas["fruits.POST.Body"] = { name: "Sloe" };
// @ts-expect-error it is a number
const sour: Schemas["fruits.POST.Body"] = { name: "Sloe", basketId: "x", sourness: "very" };

const refused = (await (await ask("/fruits?select=" + stringify(misspelt))).json()) as Refusal;
const code: "unknown-column" | (string & {}) = refused.code;
console.log(JSON.stringify({ named, basket, sweet, code, homeless, sour }));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "openapi-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The generator beside the compiler whose parts it uses: the project's own is newer, and has none. */
async function generate(document: object): Promise<string> {
  const own = join(folder, "generator/node_modules");
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync(modules))
    if (name !== "openapi-typescript" && name !== "typescript" && !name.startsWith("."))
      symlinkSync(join(modules, name), join(own, name));
  symlinkSync(join(modules, "typescript-5.9"), join(own, "typescript"));
  cpSync(join(modules, "openapi-typescript"), join(own, "openapi-typescript"), { recursive: true });
  const { default: make, astToString } = (await import(
    pathToFileURL(join(own, "openapi-typescript/dist/index.mjs")).href
  )) as Generator;
  return astToString(await make(document as never));
}

test("a program with types that are made of the sandbox's document compiles, and is answered", async () => {
  const sandbox = await startSandbox({ database: await open(`file:${join(folder, "db.sqlite")}`), port: 0 });
  try {
    const base = `${sandbox.url}/query`;
    const answer = await fetch(`${base}/$openapi`);
    expect(answer.status).toBe(200);
    writeFileSync(join(folder, "api.ts"), await generate((await answer.json()) as object));
    writeFileSync(join(folder, "program.ts"), PROGRAM);
    const compilerOptions = {
      module: "Preserve",
      target: "ES2023",
      lib: ["ES2023", "DOM"],
      types: ["bun-types"],
      typeRoots: [modules],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      paths: { "@bepalo/query/rjson": [join(root, "src/rjson/rjson.ts")] },
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["api.ts", "program.ts"] }),
    );
    symlinkSync(modules, join(folder, "node_modules"));
    const tsc = [join(modules, ".bin/tsc"), "-p", folder, ...ONE_CHECKER];
    const compiler = Bun.spawn(tsc, { stdout: "pipe", stderr: "pipe" });
    expect(await new Response(compiler.stdout).text()).toBe("");
    expect(await compiler.exited).toBe(0);
    const program = Bun.spawn([process.execPath, join(folder, "program.ts"), base], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [told, complaints] = await Promise.all([
      new Response(program.stdout).text(),
      new Response(program.stderr).text(),
    ]);
    expect(complaints).toBe("");
    expect(JSON.parse(told)).toMatchObject({ named: ["Fig", "Mangosteen"], code: "unknown-column" });
  } finally {
    await sandbox.stop();
  }
}, 60_000);
