// A hostile caller at full speed, in a process of its own.
import { setPriority } from "node:os";
import { load, requestBytes } from "../load.ts";
import { type Question, questionOf, TRICKLES } from "./questions.ts";

/** Begins many bodies and sends a byte of each now and then: whoever counts requests that wait for their bodies is full. */
async function trickle(port: number, seconds: number): Promise<void> {
  const { path } = questionOf("slow", 0);
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n[`;
  let refused = 0;
  const sockets = await Promise.all(
    Array.from({ length: TRICKLES }, () =>
      Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: {
          open: (socket) => void socket.write(head),
          data: () => void refused++,
          error: () => undefined,
        },
      }),
    ),
  );
  console.log("begin");
  for (let i = 0; i < seconds * 2; i++) {
    await Bun.sleep(500);
    for (const socket of sockets) socket.write(" ");
  }
  for (const socket of sockets) socket.terminate();
  console.log(JSON.stringify({ answered: TRICKLES - refused, refused }));
}

/** Puts a question again and again until the time is over; prints a line when it begins, and one of what it was answered. */
export async function attack(
  port: number,
  kind: string,
  choice: number,
  seconds: number,
  connections: number,
): Promise<void> {
  setPriority(19); // the polite one's clock comes first where processors are few
  const question = questionOf(kind, choice);
  const { method, path, paths = [path], body, small, leaves = 120_000 } = question;
  if (kind === "slow") return trickle(port, seconds);
  console.log("begin");
  if (small) {
    const requests = paths.map((one) => requestBytes(method, one, {}, body));
    const { answered, refused } = await load({ port, connections, seconds, requests });
    return console.log(JSON.stringify({ answered, refused }));
  }
  const until = performance.now() + seconds * 1000;
  let answered = 0;
  let refused = 0;
  const converse = async (): Promise<void> => {
    while (performance.now() < until) {
      try {
        const response = await send(port, question, { leaves });
        await response.arrayBuffer();
        if (response.ok) answered++;
        else refused++;
      } catch {
        refused++;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, converse));
  console.log(JSON.stringify({ answered, refused }));
}

/** Sends a question. */
export function send(
  port: number,
  { method, path, body }: Pick<Question, "method" | "path" | "body">,
  { user, leaves = 120_000 }: { readonly user?: string; readonly leaves?: number } = {},
): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { "content-type": "application/json", ...(user !== undefined && { "x-user": user }) },
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(leaves),
  });
}
