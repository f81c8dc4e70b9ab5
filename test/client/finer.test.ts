import { describe, expect, test } from "bun:test";
import { createQueryClient } from "@bepalo/query/client";

// How a client says in which way a write is to be done.

describe("what goes with a write", () => {
  const sent: Request[] = [];
  const api = createQueryClient("http://local", {
    fetch: async (url, init) => {
      sent.push(new Request(url, init));
      return Response.json({});
    },
  }) as any;
  const prefer = async (init: object): Promise<string | null> => {
    sent.length = 0;
    await api.patch("articles", { title: "a" }, { where: { id: 1 } }, init);
    return sent[0]!.headers.get("prefer");
  };

  test("is said by `Prefer`", async () => {
    expect(await prefer({})).toBeNull();
    expect(await prefer({ dryRun: true })).toBe("tx=rollback");
    expect(await prefer({ dryRun: false })).toBeNull();
    expect(await prefer({ maxAffected: 1, minAffected: 0 })).toBe("max-affected=1, min-affected=0");
    expect(await prefer({ headers: { prefer: "return=minimal" }, minAffected: 1, idempotencyKey: "k" })).toBe(
      "min-affected=1, return=minimal",
    );
    expect(sent[0]!.headers.get("idempotency-key")).toBe("k");
    for (const method of ["post", "delete"]) {
      sent.length = 0;
      await (method === "post"
        ? api.post("articles", {}, {}, { maxAffected: 2 })
        : api.delete("articles", { where: { id: 1 } }, { maxAffected: 2 }));
      expect(sent[0]!.headers.get("prefer")).toBe("max-affected=2");
    }
    sent.length = 0;
    await api.batch(() => [], { dryRun: true });
    expect(sent[0]!.headers.get("prefer")).toBe("tx=rollback");
  });

  test.each([
    ["dryRun", undefined],
    ["dryRun", "true"],
    ["maxAffected", undefined],
    ["maxAffected", 1.5],
    ["minAffected", "1"],
    ["minAffected", null],
  ])("%s is not sent as %p", async (name, value) => {
    sent.length = 0;
    const refused = api.patch("articles", {}, { where: { id: 1 } }, { [name]: value });
    expect(await refused.catch((error: unknown) => error)).toMatchObject({ path: name, status: 0 });
    expect(sent).toEqual([]);
  });
});
