/** Express has no types of its own; this is the part that is used here. */
declare module "express" {
  import type { IncomingMessage, Server, ServerResponse } from "node:http";

  interface Express {
    use(path: string, listener: (request: IncomingMessage, response: ServerResponse) => unknown): void;
    listen(port: number, listening: () => void): Server;
  }
  export default function express(): Express;
}
