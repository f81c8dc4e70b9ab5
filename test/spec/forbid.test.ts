import { describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { ask, served } from "../support/served.ts";

const CAPABILITIES = ["columns", "where", "orderBy", "limit", "offset", "with"] as const;
type Capability = (typeof CAPABILITIES)[number];

/** "whenever the client used the feature, with any value" */
const USES: Record<Capability, readonly string[]> = {
  columns: ["T", "F", "~T(id)~", "~F(id)~"],
  where: ["(id:'a1')", "(NOT:(id:'a1'))", "_((id:'a1'))_", "(nosuch:1)", "()"],
  orderBy: ["(id:asc)", "(id:-1)", "(nosuch:1)", "()"],
  limit: ["0", "1", "100", "1e9"],
  offset: ["0", "1", "1e9"],
  with: ["(comments:T)", "(comments:F)", "(nosuch:T)", "()"],
};
const ACT: Record<Capability, string> = {
  columns: "choosing columns of",
  where: "filtering",
  orderBy: "sorting",
  limit: "limiting",
  offset: "skipping rows of",
  with: "loading relations of",
};

const acl = Object.fromEntries([
  ...CAPABILITIES.map((capability) => [
    capability,
    {
      table: "article",
      control: {
        GET: {
          all: {
            select: { columns: ["id"] },
            forbidQuery: { [capability]: true },
            with: {
              comments: {
                select: { columns: ["id"] },
                forbidQuery: { [capability]: true },
                with: { author: true },
              },
              author: {
                select: { columns: ["id"] },
                forbidQuery: { [capability]: true },
                with: { comments: true },
              },
            },
          },
          writer: {
            select: { columns: ["id"] },
            with: {
              comments: {
                select: { columns: ["id"] },
                forbidQuery: { [capability]: true },
                with: { author: true },
              },
              author: {
                select: { columns: ["id"] },
                forbidQuery: { [capability]: true },
                with: { comments: true },
              },
            },
          },
          editor: {
            select: { columns: ["id"] },
            forbidQuery: { [capability]: false },
            with: { comments: { select: { columns: ["id"] } } },
          },
        },
      },
    },
  ]),
  [
    "everything",
    {
      table: "article",
      control: {
        GET: {
          all: {
            select: { columns: ["id"] },
            forbidQuery: Object.fromEntries(CAPABILITIES.map((c) => [c, true])),
          },
        },
      },
    },
  ],
]) as unknown as TestACL;

const app = served(acl);

describe.each(CAPABILITIES)("forbidQuery.%s", (capability) => {
  test.each(USES[capability])(`refuses ${capability}:%s`, async (value) => {
    const answer = await app.get(ask(capability, `(${capability}:${value})`));
    expect([answer.status, answer.body]).toEqual([
      400,
      {
        error: `${ACT[capability]} \`${capability}\` is not allowed`,
        code: "capability-forbidden",
        path: `select.${capability}`,
      },
    ]);
  });

  test("refuses it in a relation alone", async () => {
    for (const value of USES[capability]) {
      const wish = value.replace("'a1'", "1").replace("comments", "author");
      const answer = await app.get(ask(capability, `(with:(comments:(${capability}:${wish})))`), { as: 1 });
      expect([answer.status, answer.body]).toEqual([
        400,
        {
          error: `${ACT[capability]} \`comments\` is not allowed`,
          code: "capability-forbidden",
          path: `select.with.comments.${capability}`,
        },
      ]);
    }
    const top = `(${capability}:${capability === "with" ? "(comments:T)" : USES[capability][0]})`;
    expect((await app.get(ask(capability, top), { as: 1 })).status).toBe(200);
    expect((await app.get(ask(capability, "(with:(comments:T,author:T))"), { as: 1 })).status).toBe(200);
  });

  test("leaves every other feature alone", async () => {
    const others = CAPABILITIES.filter((other) => other !== capability);
    const select = others.map((other) => `${other}:${other === "limit" ? "1" : USES[other][0]}`).join(",");
    expect((await app.get(ask(capability, `(${select})`))).status).toBe(200);
    expect((await app.get(capability)).status).toBe(200);
    expect((await app.get(`${capability}?countTotal&findFirst`)).status).toBe(200);
  });

  test("`false` forbids nothing", async () => {
    expect(
      (await app.get(ask(capability, `(${capability}:${USES[capability][0]})`), { role: "editor" })).status,
    ).toBe(200);
  });
});

test("a rule may forbid everything and still answer", async () => {
  expect((await app.get("everything")).body.count).toBe(6);
  expect((await app.get(ask("everything", "()"))).body.count).toBe(6);
  for (const capability of CAPABILITIES)
    expect((await app.get(ask("everything", `(${capability}:${USES[capability][0]})`))).body.code).toBe(
      "capability-forbidden",
    );
});

test("a one-relation that forbids columns and `with` is still loaded with T", async () => {
  for (const capability of ["columns", "with"] as const) {
    const refused = await app.get(
      ask(capability, `(with:(author:(${capability}:${capability === "with" ? "(comments:T)" : "T"})))`),
      { as: 1 },
    );
    expect([refused.status, refused.body.code, refused.body.path]).toEqual([
      400,
      "capability-forbidden",
      `select.with.author.${capability}`,
    ]);
  }
});
