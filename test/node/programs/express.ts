import { getRequestListener } from "@hono/node-server";
import express from "express";
import { query } from "./query";

const app = express();
app.all(/^\/query\//, getRequestListener(query)); // before express.json(), which would take the bodies

const server = app.listen(Number(process.env["PORT"] ?? 3000), () => console.log(server.address()));
