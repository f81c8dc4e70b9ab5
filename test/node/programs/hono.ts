import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { query } from "./query";

const app = new Hono();
app.mount("/query", query);

const port = Number(process.env["PORT"] ?? 3000);
serve({ fetch: app.fetch, port }, (address) => console.log(`port ${address.port}`));
