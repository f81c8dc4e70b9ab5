import { expect, test } from "bun:test";
import type { Sending } from "../../support/app.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

/** Chapter 3: which rule applies. */
export function roles(app: Subject): void {
  // Each rule of `scoped` lets out one column: role id, mine title, guest views, all published.
  test.each([
    ["", { as: 1 }, "id"],
    ["", { as: 1, role: "editor" }, "title"],
    ["", { role: "guest" }, "views"],
    ["", { role: "all" }, "views"],
    ["", { role: "constructor" }, "title"],
    ["", {}, "views"],
    ["?mine", { as: 1 }, "title"],
    ["?guest", { as: 1 }, "views"],
    ["?guest", {}, "views"],
    ["?mine|guest", { as: 1 }, "id"],
    ["?mine%7Cguest", { role: "editor" }, "title"],
    ["?mine|guest", {}, "views"],
    ["?mine=F", { as: 1 }, "id"],
  ] as [string, Sending, string][])(
    "scoped%s of %o is answered by the rule for `%s`",
    async (scope, sending, column) => {
      const { body } = await app.get(`scoped${scope}`, sending);
      expect(Object.keys(body.scoped[0])).toEqual([column]);
    },
  );

  test("refusals tell who may not from what is not", async () => {
    for (const [path, sending, status, code] of [
      ["scoped?mine", {}, 401, "unauthenticated"],
      ["members", {}, 401, "unauthenticated"],
      ["members", { role: "editor" }, 403, "forbidden"],
      ["members?mine", { role: "writer" }, 403, "forbidden"],
      ["blind", {}, 403, "forbidden"],
      ["hollow", { role: "writer" }, 405, "method-not-allowed"],
      ["nowhere", {}, 404, "unknown-resource"],
      ["toString", {}, 404, "unknown-resource"],
    ] as const)
      expect([path, refusal(await app.get(path, sending))]).toEqual([path, { status, code }]);
  });

  test("a method without any rule is 405 with `Allow` as OPTIONS answers it", async () => {
    // What is served by a handler is told of QUERY too.
    const named = (allow: string | null): string | undefined => allow?.replace(" QUERY,", "");
    for (const [sending, allow] of [
      [{}, "OPTIONS"],
      [{ role: "writer" }, "OPTIONS, HEAD, GET, POST"],
      [{ role: "editor" }, "OPTIONS, PATCH"],
    ] as const) {
      const refused = await app.remove("members", sending);
      const options = await app.send("OPTIONS", "members", sending);
      expect([refused.status, named(refused.headers.get("allow"))]).toEqual([405, allow]);
      expect([options.status, named(options.headers.get("allow")), options.text]).toEqual([204, allow, ""]);
    }
  });

  test("OPTIONS lists exactly the methods that resolve", async () => {
    for (const [path, sending] of [
      ["own", { as: 1 }],
      ["own?mine", { as: 1 }],
      ["own", {}],
      ["scoped?guest", { as: 1 }],
      ["blind", {}],
      ["blind", { as: 1 }],
      ["headed", {}],
      ["headed", { as: 1 }],
    ] as const) {
      const allow = (await app.send("OPTIONS", path, sending)).headers.get("allow")!.split(", ");
      for (const method of ["GET", "HEAD", "POST", "PATCH", "DELETE"]) {
        const { status } = await app.send(
          method,
          `${path}${path.includes("?") ? "&" : "?"}select=(columns:(x:T))`,
          sending,
        );
        expect([path, method, ![401, 403, 405].includes(status)]).toEqual([
          path,
          method,
          allow.includes(method),
        ]);
      }
    }
    expect((await app.send("OPTIONS", "nowhere")).status).toBe(404);
  });

  test("a HEAD key replaces the GET rules for every role", async () => {
    expect((await app.get("headed")).status).toBe(200);
    expect((await app.send("HEAD", "headed")).status).toBe(401);
    expect((await app.send("HEAD", "headed", { role: "editor" })).status).toBe(403);
    expect((await app.send("HEAD", "headed", { as: 1 })).status).toBe(200);
  });
}
