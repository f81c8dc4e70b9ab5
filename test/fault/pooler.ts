/* A pooler as one puts before PostgreSQL, with two connections to a server that keep what clients prepare on them. */
import net from "node:net";

/** Who listens, and which of the server's connections, 0 or 1, answers a client; clients are numbered as they come. */
export interface Pooler {
  readonly url: string;
  readonly route: Map<number, number>;
  close(): void;
}

/** A connection to the server, and who hears what it says. */
interface Line {
  readonly socket: net.Socket;
  client?: net.Socket;
}

/** Opens a pooler before the database of a URL, whose server must trust whoever asks. */
export async function openPooler(url: string): Promise<Pooler> {
  const target = new URL(url);
  const lines = [await dial(target), await dial(target)];
  const route = new Map<number, number>();
  let clients = 0;
  const listener = net.createServer((client) => serve(client, clients++));
  const serve = (client: net.Socket, number: number): void => {
    let greeted = false;
    client.on("error", () => undefined);
    client.on(
      "data",
      messages(
        () => !greeted,
        (message) => {
          if (!greeted) client.write(GREETING);
          else if (message[0] !== "X".charCodeAt(0)) {
            const line = lines[route.get(number) ?? 0]!;
            line.client = client;
            line.socket.write(message);
          }
          greeted = true;
        },
      ),
    );
  };
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  target.host = `127.0.0.1:${(listener.address() as net.AddressInfo).port}`;
  return {
    url: target.href,
    route,
    close: () => {
      listener.close();
      for (const { socket } of lines) socket.destroy();
    },
  };
}

/** A connection to the server that is ready for statements. */
async function dial({ hostname, port, username, pathname }: URL): Promise<Line> {
  const socket = net.connect(Number(port || 5432), hostname);
  const line: Line = { socket };
  const start = Buffer.concat([
    Buffer.from([0, 3, 0, 0]),
    text("user", username, "database", pathname.slice(1)),
    Buffer.from([0]),
  ]);
  socket.write(Buffer.concat([length(start), start]));
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.on(
      "data",
      messages(
        () => false,
        (message) => {
          if (line.client !== undefined) line.client.write(message);
          else if (message[0] === "Z".charCodeAt(0)) resolve();
        },
      ),
    );
  });
  return line;
}

/** Hears bytes, and tells of each message; one without a type stands at the beginning. */
function messages(isFirst: () => boolean, tell: (message: Uint8Array) => void): (bytes: Uint8Array) => void {
  let held: Buffer = Buffer.alloc(0);
  return (bytes) => {
    held = Buffer.concat([held, bytes]);
    for (;;) {
      const head = isFirst() ? 0 : 1;
      if (held.length < head + 4 || held.length < head + held.readInt32BE(head)) return;
      const end = head + held.readInt32BE(head);
      const message = held.subarray(0, end);
      held = held.subarray(end);
      tell(message);
    }
  };
}

const text = (...words: readonly string[]): Buffer => Buffer.from(words.map((word) => `${word}\0`).join(""));

function length(body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(body.length + 4);
  return bytes;
}

const message = (type: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(type), length(body), body]);

/** What a server says to one it lets in: that it may, who it is, how to cancel, that it is ready. */
const GREETING = Buffer.concat([
  message("R", Buffer.alloc(4)),
  message("S", text("server_version", "15.0")),
  message("S", text("client_encoding", "UTF8")),
  message("K", Buffer.alloc(8, 1)),
  message("Z", Buffer.from("I")),
]);
