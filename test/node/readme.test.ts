import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const read = (path: string): string => readFileSync(join(import.meta.dir, path), "utf8");

/** A program wherever it stands beside the handler it mounts. */
const anywhere = (program: string): string => program.replace(/from "\S*\/query"/, 'from "query"').trim();

const blocks = [...read("../../README.md").matchAll(/```ts\n(.*?)```/gs)].map(([, block]) =>
  anywhere(block!),
);

test.each(["hono", "express", "elysia", "next", "workers"])(
  "the manual's program for %s is the one that is tested",
  (name) => {
    expect(blocks).toContain(anywhere(read(`programs/${name}.ts`)));
  },
);
