import { expect, test } from "bun:test";
import { Answers, bodyWith } from "../../src/engine/references.ts";
import type { TableInfo } from "../../src/schema/schema.ts";

// References in what a body says of other rows.

test("a change of other rows has `where` and `body`, whatever columns these have", () => {
  const comment = { columns: new Map([["body", { kind: "json" }]]), relations: new Map() };
  const post = { columns: new Map(), relations: new Map([["comments", { target: comment }]]) };
  const answers = new Answers([], 1_000);
  answers.add('{"posts":[{"id":7}]}');
  const ref = { $ref: "0.posts.id" };
  const wish = {
    update: [{ where: { id: ref }, body: { userId: ref, body: ref } }],
    create: [{ body: ref }],
  };
  expect(bodyWith({ comments: wish }, post as unknown as TableInfo, answers)).toEqual({
    comments: { update: [{ where: { id: 7 }, body: { userId: 7, body: ref } }], create: [{ body: ref }] },
  });
});
