import { describe, expect, test } from "bun:test";
import { dirname, join, normalize, relative } from "node:path";

const root = join(import.meta.dir, "..");

/** What each room may load code from; types may cross every wall. A room loads its own files freely. */
const WALLS: Readonly<Record<string, readonly string[]>> = {
  rjson: [],
  error: ["suggest"],
  suggest: [],
  observe: [],
  infer: [],
  cache: [],
  digits: ["nesting"],
  clock: ["error"],
  nesting: [],
  response: [],
  request: ["error", "suggest"],
  drizzle: ["drizzle-orm"],
  schema: ["digits", "drizzle", "error", "nesting", "drizzle-orm", "node:buffer"],
  operator: ["error", "schema", "drizzle-orm"],
  policy: ["drizzle", "error", "request", "schema", "suggest", "drizzle-orm"],
  plan: ["error", "request", "schema", "operator", "policy"],
  author: ["clock", "digits", "drizzle", "error", "plan", "policy", "schema", "drizzle-orm"],
  syntax: ["digits", "drizzle", "drizzle-orm", "node:buffer"],
  compile: ["cache", "drizzle", "node:buffer", "plan", "schema", "syntax", "drizzle-orm"],
  dialect: ["cache", "clock", "error", "drizzle-orm", "node:async_hooks", "node:crypto", "node:process"],
  execute: ["author", "clock", "compile", "digits", "drizzle", "error", "response", "syntax", "drizzle-orm"],
  engine: [
    "author",
    "clock",
    "compile",
    "dialect",
    "error",
    "execute",
    "observe",
    "plan",
    "policy",
    "request",
    "response",
    "schema",
    "syntax",
  ],
  http: [
    "author",
    "cache",
    "digits",
    "error",
    "nesting",
    "observe",
    "response",
    "rjson",
    "request",
    "engine",
    "node:buffer",
    "node:crypto",
  ],
  index: ["error", "http", "dialect"],
};

const transpiler = new Bun.Transpiler({ loader: "ts" });

/** The modules a file loads at run time; Bun leaves type-only imports out. */
async function loadsOf(file: string): Promise<readonly string[]> {
  return transpiler.scanImports(await Bun.file(join(root, file)).text()).map(({ path }) => path);
}

/** The room a file of `src` belongs to: its folder, or its own name at the root. */
const roomOf = (file: string): string =>
  file
    .replace(/^src\//, "")
    .split("/")[0]!
    .replace(/\.ts$/, "");

/** The loads a file may not have: a stranger's room, or a neighbour's file that is not its door. */
function strangers(file: string, loads: readonly string[]): readonly string[] {
  const room = roomOf(file);
  return loads.filter((load) => {
    if (!load.startsWith("."))
      return !WALLS[room]!.some((name) => load === name || load.startsWith(`${name}/`));
    const target = normalize(join(dirname(file), load));
    const other = roomOf(target);
    if (other === room) return false;
    const door =
      target === `src/${other}.ts` || target === `src/${other}/${other}.ts` || target === "src/http/route.ts";
    return !WALLS[room]!.includes(other) || !door;
  });
}

const files = [...new Bun.Glob("src/**/*.ts").scanSync(root)].toSorted();

describe("the walls", () => {
  test("there are rooms to look at", () => expect(files.length).toBeGreaterThan(40));

  test.each(files)("%s loads only what its room may", async (file) => {
    expect(WALLS[roomOf(file)]).toBeDefined();
    expect(strangers(file, await loadsOf(file))).toEqual([]);
  });

  test("a file that climbs a wall, or a window beside a door, is found", () => {
    expect(strangers("src/plan/read.ts", ["../http/route.ts"])).toEqual(["../http/route.ts"]);
    expect(strangers("src/plan/read.ts", ["../policy/build.ts"])).toEqual(["../policy/build.ts"]);
    expect(strangers("src/rjson/parse.ts", ["drizzle-orm"])).toEqual(["drizzle-orm"]);
  });

  test.each([...new Bun.Glob("client/**/*.ts").scanSync(root)])(
    "%s loads nothing of the server",
    async (file) => {
      const outside = (await loadsOf(file)).filter(
        (load) => !normalize(join(dirname(file), load)).startsWith("client/"),
      );
      expect(outside.filter((load) => !/^\.\.\/src\/rjson\/\w+\.ts$/.test(load))).toEqual([]);
    },
  );

  test.each([...new Bun.Glob("sandbox/**/*.ts").scanSync(root)])(
    "%s knows the package by its name only",
    async (file) => {
      const inside = (await loadsOf(file)).filter((load) => load.startsWith("."));
      expect(
        inside.filter((load) => !relative("sandbox", join(dirname(file), load)).match(/^(?!\.\.)/)),
      ).toEqual([]);
    },
  );
});
