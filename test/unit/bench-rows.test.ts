import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBySQL, createData } from "../../bench/sqlite.ts";

test("the rows that a benchmark's database makes by itself are those that are made row by row", () => {
  const folder = mkdtempSync(join(tmpdir(), "query-rows-"));
  try {
    const [made, byItself] = [createData, createBySQL].map((create, index) => {
      const file = join(folder, `${index}.db`);
      create(file, { posts: 1_003, comments: 4_001 });
      const database = new Database(file);
      const found = ["user", "post", "comment"].map((table) =>
        database.query(`select * from "${table}" order by id`).all(),
      );
      const indexes = database
        .query("select name, sql from sqlite_master where type = 'index' order by name")
        .all();
      database.close();
      return { found, indexes };
    }) as [{ found: unknown[][]; indexes: unknown[] }, { found: unknown[][]; indexes: unknown[] }];
    expect(made.found.map(({ length }) => length)).toEqual([1_000, 1_003, 4_001]);
    expect(byItself.indexes).toEqual(made.indexes);
    expect(byItself.found).toEqual(made.found);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
