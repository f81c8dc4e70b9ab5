import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");
let inputs: string[];
let code: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  const built = await Bun.build({
    entrypoints: [join(root, "client/index.ts")],
    target: "browser",
    minify: true,
    metafile: true,
    root,
  });
  inputs = Object.keys(built.metafile!.inputs).map((path) => join(process.cwd(), path));
  code = new Uint8Array(await built.outputs[0]!.arrayBuffer());
});

test("the client holds nothing of the server, of Drizzle, or of any rule", () => {
  expect(inputs).toContain(join(root, "client/index.ts"));
  const strangers = inputs.filter(
    (path) => !path.startsWith(join(root, "client/")) && !path.startsWith(join(root, "src/rjson/")),
  );
  expect(strangers).toEqual([]);
});

test("the client is at most 4 KB to download", () => {
  expect(Bun.gzipSync(code).byteLength).toBeLessThanOrEqual(4096);
});
