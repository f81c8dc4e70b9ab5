import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf, PAGES } from "../support/manual.ts";

const read = (path: string): string => readFileSync(join(import.meta.dir, path), "utf8");

/** A program wherever it stands beside the handler it mounts. */
const anywhere = (program: string): string => program.replace(/from "\S*\/query"/, 'from "query"').trim();

const blocks = PAGES.flatMap((page) => blocksOf(page, "ts").map(anywhere));

test.each(["hono", "express", "elysia", "next", "workers"])(
  "the manual's program for %s is the one that is tested",
  (name) => {
    expect(blocks).toContain(anywhere(read(`programs/${name}.ts`)));
  },
);
