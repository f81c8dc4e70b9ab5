import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { QueryHandler } from "@bepalo/query";
import { everywhere } from "../support/everywhere.ts";
import { fresh, postgresql, send, session, sqlite } from "../support/kept.ts";

// What hooks see of a DELETE that leaves its rows, and of what is restored.

const tables = {
  task: { softDelete: "deletedAt", version: "version" },
  note: { softDelete: "goneAt", version: "version" },
  loose: { softDelete: "goneAt", version: "version" },
};

// oxlint-disable-next-line typescript/no-explicit-any -- rows of any table
type Rows = readonly any[];
interface Seen {
  readonly written: Rows;
  readonly before: Rows | undefined;
}

const rules = (hook: unknown): object => {
  const rule = { select: { columns: new Set(["title", "label"]) }, afterQuery: hook };
  return {
    tasks: { table: "task", control: { DELETE: { all: { ...rule, select: { columns: ["title"] } } } } },
    read: {
      table: "task",
      control: {
        DELETE: { all: { ...rule, select: { columns: ["id"] }, with: { comments: { select: true } } } },
      },
    },
    trash: {
      table: "task",
      control: {
        DELETE: { all: { ...rule, select: true, deleted: "only" } },
        PATCH: {
          all: { ...rule, select: true, deleted: "only", write: { columns: new Set(["deletedAt"]) } },
        },
      },
    },
    notes: { table: "note", control: { DELETE: { all: { ...rule, select: { columns: ["label"] } } } } },
    loose: { table: "loose", control: { DELETE: { all: { ...rule, select: { columns: ["label"] } } } } },
  };
};

everywhere({ sqlite, postgresql }, rules(undefined), (place) => {
  beforeEach(async () => {
    for (const text of fresh(place.speaks)) await place.run(text);
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  describe.each([true, false])("with before: %p", (before) => {
    const seeing = (): { readonly seen: Seen[]; readonly handle: QueryHandler } => {
      const seen: Seen[] = [];
      const run = (context: Seen): void =>
        void seen.push({ written: context.written, before: context.before });
      const handle = place.handler(rules(before ? { before, run } : run), { session, tables });
      return { seen, handle };
    };
    const both = (rows: Rows): object => ({ written: rows, before: before ? rows : undefined });

    test.each(["tasks", "read?select=(with:(comments:T))"])(
      "deleted rows are seen as they were: %s",
      async (path) => {
        const { seen, handle } = seeing();
        expect(await send(handle, "DELETE", path)).toMatchObject({ status: 200, body: { rowsAffected: 4 } });
        expect(seen).toHaveLength(1);
        expect(seen[0]).toMatchObject(
          both([
            { id: 1, title: "fuel", slug: "fuel", deletedAt: null, version: 1 },
            { id: 2, title: "crew", orgId: 1, deletedAt: null, version: 5 },
            { id: 3, title: "dust", projectId: 2, deletedAt: null, version: 1 },
            { id: 5, title: "salt", orgId: 2, deletedAt: null, version: 1 },
          ]),
        );
      },
    );

    test("with what every change makes anew", async () => {
      const { seen, handle } = seeing();
      await send(handle, "DELETE", "notes");
      expect(seen[0]).toMatchObject(
        both([
          { id: 1, label: "a", goneAt: null, version: null, touched: 0, told: 0 },
          { id: 2, label: "b", goneAt: null, version: 3, touched: 0, told: 30 },
        ]),
      );
    });

    test("without a key too", async () => {
      const { seen, handle } = seeing();
      expect(await send(handle, "DELETE", "loose")).toMatchObject({ body: { rowsAffected: 3 } });
      const [{ written }] = seen as [Seen];
      expect(written.toSorted((a, b) => Number(a.label > b.label) - Number(a.label < b.label))).toEqual([
        { label: "x", goneAt: null, version: null },
        { label: "y", goneAt: null, version: 4 },
        { label: "y", goneAt: null, version: 4 },
      ]);
    });

    test("and so are those that are removed for good", async () => {
      const { seen, handle } = seeing();
      await send(handle, "DELETE", "trash");
      expect(seen[0]).toMatchObject(both([{ id: 4, deletedAt: new Date(1_700_000_000_000), version: 2 }]));
    });

    test("what is restored is seen restored, and deleted before", async () => {
      const { seen, handle } = seeing();
      await send(handle, "PATCH", "trash", { deletedAt: null });
      expect(seen[0]).toMatchObject({
        written: [{ id: 4, deletedAt: null, version: 3 }],
        before: before ? [{ id: 4, deletedAt: new Date(1_700_000_000_000), version: 2 }] : undefined,
      });
    });
  });
});
