import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { METHODS, traitsOf } from "../../src/request/request.ts";

const root = join(import.meta.dir, "../..");
const names = Object.keys(METHODS);
const files = [...new Bun.Glob("src/**/*.ts").scanSync(root)].toSorted();

describe("the methods", () => {
  test.each(files.filter((file) => file !== "src/request/method.ts"))(
    "are not listed again in %s",
    async (file) => {
      const text = await Bun.file(join(root, file)).text();
      expect(names.filter((name) => text.includes(`"${name}"`)).length).toBeLessThanOrEqual(1);
    },
  );

  test.each(["get", "PUT", "constructor", "__proto__", ""])("are none of %p", (name) =>
    expect(traitsOf(name)).toBeUndefined(),
  );
});
