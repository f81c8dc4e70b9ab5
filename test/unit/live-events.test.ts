import { describe, expect, test } from "bun:test";
import { eventsOf } from "../../client/live/events.ts";

/** What is read of bytes that come in pieces, each by itself. */
async function read(pieces: readonly (string | Uint8Array)[]): Promise<object[]> {
  let next = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const piece = pieces[next++];
        if (piece === undefined) return controller.close();
        controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
      },
    },
    { highWaterMark: 0 },
  );
  let alive = 0;
  const heard = await Array.fromAsync(eventsOf(body, () => void alive++));
  expect(alive).toBe(pieces.length);
  // A comment says nothing.
  return heard.map(({ event, id, data, retry }) => ({ event, id, data, retry }));
}

const DATA = '{"title":"Zoë\u2028 🎈: x"}';
const lines = (end: string): string =>
  ["event: answer", "id: 1", `data: ${DATA}`, "data:  more", "", "retry: 5", "", ":", "", ""].join(end);

describe("server-sent events", () => {
  test.each([
    ["\\n", "\n"],
    ["\\r\\n", "\r\n"],
    ["\\r", "\r"],
  ])("whose lines end by %s are the same wherever they are cut", async (_, end) => {
    const bytes = new TextEncoder().encode(lines(end));
    for (let cut = 0; cut <= bytes.length; cut++)
      // What ends by half of a line end is complete with what follows it.
      expect((await read([bytes.slice(0, cut), bytes.slice(cut), ":\n"])).slice(0, 2)).toEqual([
        { event: "answer", id: "1", data: `${DATA}\n more` },
        { retry: "5" },
      ]);
  });

  test("may begin with a mark of the order of bytes", async () => {
    expect(await read([Uint8Array.of(0xef, 0xbb, 0xbf), "data: a\n\n"])).toEqual([{ data: "a" }]);
  });

  test("that were not said to their end are not read", async () => {
    expect(await read(["data: a\n\ndata: b\n"])).toEqual([{ data: "a" }]);
  });

  test("take time in proportion to their length, however small their pieces are", async () => {
    const pieces = Array.from({ length: 20_000 }, () => "x".repeat(100));
    const began = performance.now();
    const [event] = await read(["data: ", ...pieces, "\n\n"]);
    expect((event as { data: string }).data).toHaveLength(2_000_000);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
