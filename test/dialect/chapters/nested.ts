import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";
import { NESTED } from "../world/nested.ts";

const CURE = /a sub-query (?:selects from the rule's own table without an alias|calls another table as)/;

/** Chapter 6: conditions that ask a query of their own, in reads and writes, by whatever builds it. */
export function nested(app: Subject): void {
  const numbered = NESTED.map(([name, outcome], index) => ({ name, outcome, index }));
  const body = { authorId: 1, title: "t" };

  describe("a condition that takes its own table's columns for another's is never run", () => {
    let before: string;
    beforeAll(async () => {
      before = await app.dump();
    });
    afterAll(async () => expect(await app.dump()).toBe(before));
    test.each(numbered.filter(({ outcome }) => outcome === "refused"))("$name", async ({ index }) => {
      const [own, within] = [`nested${index}`, `nestedIn${index}`];
      const editor = { role: "editor" };
      const refused = [
        [`acl.${own}.control.GET.all.where`, await app.get(`${own}?countTotal`)],
        [`acl.${own}.control.GET.all.where`, await app.get(`${own}?countTotal&select=(columns:F)`)],
        [
          `acl.${within}.control.GET.all.with.articles.where`,
          await app.get(`${within}?select=(with:(articles:T))`),
        ],
        [`acl.${own}.control.POST.all.where`, await app.post(own, body)],
        [`acl.${own}.control.POST.all.where`, await app.post(own, [body, body])],
        [`acl.${own}.control.PATCH.all.where`, await app.patch(own, { views: 1 })],
        [`acl.${own}.control.PATCH.editor.check`, await app.patch(own, { views: 1 }, editor)],
        [`acl.${own}.control.DELETE.all.where`, await app.remove(own)],
      ] as const;
      const faults = await app.faults();
      expect(faults).toHaveLength(refused.length);
      for (const [at, [path, answer]] of refused.entries()) {
        expect(refusal(answer)).toEqual({ status: 500, code: "internal-error" });
        expect(faults[at]).toStartWith(`${path}: `);
        expect(faults[at]).toMatch(CURE);
      }
    });
  });

  describe("a condition whose names stay apart admits what it says", () => {
    afterAll(app.reset);
    test.each(numbered.filter(({ outcome }) => outcome !== "refused"))(
      "$name",
      async ({ outcome, index }) => {
        const rows = (outcome as readonly string[]).map((id) => ({ id }));
        const [own, within] = [`nested${index}`, `nestedIn${index}`];
        expect((await app.get(`${own}?countTotal`)).body).toEqual({
          total: rows.length,
          count: rows.length,
          [own]: rows,
        });
        const people = (await app.get(`${within}?select=(with:(articles:T))`)).body[within];
        expect(people.flatMap(({ articles }: { articles: object[] }) => articles)).toHaveLength(rows.length);
        expect((await app.patch(own, { body: "seen" })).body).toEqual({
          rowsAffected: rows.length,
          count: rows.length,
          [own]: rows,
        });
      },
    );
  });
}
