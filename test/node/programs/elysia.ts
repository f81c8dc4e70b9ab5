import { Elysia } from "elysia";
import { query } from "./query";

const port = Number(process.env["PORT"] ?? 3000);
new Elysia().mount("/query", query).listen(port, (server) => console.log(`port ${server.port}`));
