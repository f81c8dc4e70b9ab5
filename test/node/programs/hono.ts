import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { query } from "./query";

const app = new Hono();
app.all("/query/*", (context) => query(context.req.raw, context.env));

const port = Number(process.env["PORT"] ?? 3000);
serve({ fetch: app.fetch, port }, (address) => console.log(`port ${address.port}`));
