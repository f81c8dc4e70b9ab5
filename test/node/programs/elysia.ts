import { Elysia } from "elysia";
import { query } from "./query";

const port = Number(process.env["PORT"] ?? 3000);
new Elysia()
  .all("/query/*", ({ request, server }) => query(request, server), { parse: "none" }) // the body is for the route
  .listen(port, (server) => console.log(`port ${server.port}`));
