/** Express has no types of its own; this is the part that is used here. */
declare module "express" {
  import type { IncomingMessage, Server, ServerResponse } from "node:http";

  type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;
  interface Express {
    all(path: RegExp, listener: Listener): void;
    use(path: string, listener: Listener): void;
    listen(port: number, listening: () => void): Server;
  }
  function express(): Express;
  namespace express {
    function json(options: { readonly limit: string }): Listener;
  }
  export default express;
}
