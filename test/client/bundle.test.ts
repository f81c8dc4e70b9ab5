import { describe, expect, test } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

async function bundle(entry: string): Promise<{ inputs: readonly string[]; bytes: number }> {
  const built = await Bun.build({
    entrypoints: [join(root, entry)],
    target: "browser",
    minify: true,
    metafile: true,
    root,
  });
  const code = new Uint8Array(await built.outputs[0]!.arrayBuffer());
  return {
    inputs: Object.keys(built.metafile!.inputs).map((path) => join(process.cwd(), path)),
    bytes: Bun.gzipSync(code).byteLength,
  };
}

describe.each(["client/index.ts", "client/tanstack.ts"])("%s", (entry) => {
  test("holds nothing of the server, of Drizzle, or of any rule", async () => {
    const { inputs } = await bundle(entry);
    expect(inputs).toContain(join(root, entry));
    const strangers = inputs.filter(
      (path) => !path.startsWith(join(root, "client/")) && !path.startsWith(join(root, "src/rjson/")),
    );
    expect(strangers).toEqual([]);
  });

  test("is at most 4 KB to download", async () => {
    expect((await bundle(entry)).bytes).toBeLessThanOrEqual(4096);
  });
});
