import { describe, expect, test } from "bun:test";
import { ClientError, createQueryBuilder } from "@bepalo/query/client";
import { parse } from "@bepalo/query/rjson";
import type { Schema } from "./schema.ts";

const builder = createQueryBuilder<Schema, unknown>();
const selectOf = (params: URLSearchParams): unknown => parse(params.get("select") ?? "");

describe("flags", () => {
  test("are written without a value", () => {
    expect([...builder.Get<"post">({ findFirst: true, countTotal: true, mine: true })]).toEqual([
      ["mine", ""],
      ["findFirst", ""],
      ["countTotal", ""],
    ]);
    expect([...builder.Get<"post">({ "mine|guest": true })]).toEqual([["mine|guest", ""]]);
  });

  test("that are false say so where a resource may wish otherwise, and scopes are left out", () => {
    expect(
      builder.Get<"post">({ findFirst: false, countTotal: false, mine: false, guest: false }).toString(),
    ).toBe("findFirst=F&countTotal=F");
  });

  test("that are undefined are left out", () => {
    expect(builder.Get<"post">({ mine: undefined, findFirst: undefined, select: undefined }).size).toBe(0);
    expect(builder.Get<"post">().size).toBe(0);
  });

  test("GetFirst and GetMany say which they are", () => {
    expect(builder.GetFirst<"post">({ guest: true }).toString()).toBe("guest=&findFirst=");
    expect(builder.GetMany<"post">().toString()).toBe("findFirst=F");
  });
});

describe("select", () => {
  test("is RJSON in the order it was written", () => {
    const params = builder.Get<"post">({
      select: {
        columns: { id: true, title: true },
        where: [{ "title.like": "it's 100%" }, { "id.in": [1, 2] }],
        orderBy: { createdAt: -1, id: "asc" },
        limit: 5,
        offset: 0,
        with: { user: { columns: { name: true } } },
      },
    });
    expect(params.get("select")).toBe(
      `(columns:(id:T,title:T),where:_((title.like:"it's 100%"),(id.in:_(1,2)_))_,orderBy:(createdAt:-1,id:'asc'),limit:5,offset:0,with:(user:(columns:(name:T))))`,
    );
  });

  test("carries values as JSON does", () => {
    const at = new Date("2025-03-01T12:00:00.000Z");
    const params = builder.Get<"post">({
      select: {
        where: {
          "createdAt.between": [at, 5],
          size: 9007199254740993n,
          cover: new Uint8Array([1, 2, 255]),
          userId: null,
        },
      },
    });
    expect(selectOf(params)).toEqual({
      where: {
        "createdAt.between": ["2025-03-01T12:00:00.000Z", 5],
        size: "9007199254740993",
        cover: "AQL/",
        userId: null,
      },
    });
  });

  test("leaves out what is undefined, in relations too", () => {
    const params = builder.Get<"user">({
      select: {
        columns: undefined,
        where: undefined,
        orderBy: { name: undefined, id: 1 },
        limit: undefined,
        with: { post: { columns: { id: true, title: undefined }, where: undefined } },
      },
    });
    expect(params.get("select")).toBe("(orderBy:(id:1),with:(post:(columns:(id:T))))");
    expect(builder.Get<"user">({ select: { with: { post: undefined } } }).get("select")).toBe("(with:())");
  });

  test("may name a relation `where` and a column `with`", () => {
    const select = {
      columns: { with: undefined, where: undefined },
      with: { where: { columns: { id: undefined } }, with: true },
    };
    expect(builder.Get<"post">({ select } as never).get("select")).toBe(
      "(columns:(),with:(where:(columns:()),with:T))",
    );
  });
});

describe("a value that cannot be sent", () => {
  const refusal = (make: () => unknown): ClientError => {
    try {
      make();
    } catch (error) {
      if (error instanceof ClientError) return error;
    }
    throw new Error("nothing was refused");
  };

  test("is refused where it stands, instead of letting more rows through", () => {
    const missing = { id: undefined } as never;
    const error = refusal(() =>
      builder.Get<"post">({ select: { with: { user: { with: { post: { where: { OR: [missing] } } } } } } }),
    );
    expect(error.code).toBe("invalid-value");
    expect(error.path).toBe("select.with.user.with.post.where.OR.0.id");
    expect(error.status).toBe(0);
  });

  test("is a filter that is undefined in a change", () => {
    const select = { where: undefined } as never;
    expect(refusal(() => builder.Delete<"post">({ select })).path).toBe("select.where");
    expect(refusal(() => builder.Patch<"post">({ select })).path).toBe("select.where");
    expect(builder.Delete<"post">({ select: { columns: false } }).get("select")).toBe("(columns:F)");
  });

  test.each([
    ["a number that is none", { id: Number.NaN }],
    ["an endless number", { id: Infinity }],
    ["an invalid date", { createdAt: new Date("yesterday") }],
    ["a function", { title: () => "a" }],
    ["a hole in a list", { "id.in": [1, undefined] }],
  ])("is %s", (_name, where) => {
    expect(refusal(() => builder.Get<"post">({ select: { where: where as never } })).path).toStartWith(
      "select.where.",
    );
  });
});
