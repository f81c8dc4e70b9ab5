import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { bundle } from "../support/bundle.ts";

const root = join(import.meta.dir, "../..");

describe.each([
  ["client/index.ts", 4096],
  ["client/tanstack.ts", 4096],
  ["client/react.ts", 1536],
  ["test/client/live-entry.ts", 4096 + 3072],
])("%s", (entry, most) => {
  test("holds nothing of the server, of Drizzle, or of any rule", async () => {
    const { inputs } = await bundle(entry);
    expect(inputs).toContain(join(root, entry));
    const strangers = inputs.filter(
      (path) => ![entry, "client/", "src/rjson/"].some((own) => path.startsWith(join(root, own))),
    );
    expect(strangers).toEqual([]);
  });

  test(`is at most ${most} bytes to download`, async () => {
    expect((await bundle(entry)).gzipped).toBeLessThanOrEqual(most);
  });
});

test("live answers are at most 3 KB on top of the client, which has nothing of them", async () => {
  const [client, both] = await Promise.all([bundle("client/index.ts"), bundle("test/client/live-entry.ts")]);
  expect(both.gzipped - client.gzipped).toBeLessThanOrEqual(3072);
  const ofLive = (paths: readonly string[]) => paths.filter((path) => path.includes("client/live"));
  expect(ofLive(client.inputs)).toEqual([]);
  expect(ofLive(both.inputs).length).toBeGreaterThan(5);
  // What React and TanStack Query take of it is told to them by the client that has it.
  expect(ofLive((await bundle("client/react.ts")).inputs)).toEqual([]);
  expect(ofLive((await bundle("client/tanstack.ts")).inputs)).toEqual([join(root, "client/live/cached.ts")]);
});
