import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { bundle } from "../support/bundle.ts";

const root = join(import.meta.dir, "../..");

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
    expect((await bundle(entry)).gzipped).toBeLessThanOrEqual(4096);
  });
});
