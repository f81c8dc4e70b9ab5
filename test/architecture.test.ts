import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";

const root = join(import.meta.dir, "..");
const text = readFileSync(join(root, "docs/architecture.md"), "utf8");

/** The paths its tables describe: what stands first in a row. */
const described = [...text.matchAll(/^\| `((?:src|client)\/[\w./-]*)` \|/gm)].map(([, path]) => path!);

/** The rooms of a folder: its folders, and the files that lie in it. */
const roomsOf = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .toSorted()
    .map((name) => {
      const path = `${folder}/${name}`;
      return statSync(join(root, path)).isDirectory() ? `${path}/` : path;
    });

describe("docs/architecture.md", () => {
  test.each(roomsOf("src"))("has a row for %s", (room) => expect(described).toContain(room));

  test.each(roomsOf("client").filter((room) => room.endsWith("/")))("has a row for %s", (room) =>
    expect(described).toContain(room),
  );

  test("describes nothing twice, and nothing that is not there", () => {
    expect(new Set(described).size).toBe(described.length);
    expect(described.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("names no file that is not there", () => {
    const named = [...text.matchAll(/`((?:src|client|test|sandbox|bench|docs)\/[\w./-]+)`/g)];
    expect(named.map(([, path]) => path!).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
