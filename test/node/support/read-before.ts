/*
 * Express with handlers where they cannot work, and where they can: behind a parser of bodies, and with parsers of
 * sessions that read the body itself, or a clone of it.
 */
import { getRequestListener } from "@hono/node-server";
import { createQueryHandler } from "@bepalo/query";
import express from "express";
import { acl } from "./acl.ts";
import { openDatabase } from "./database.ts";
import * as postgresql from "./postgresql.ts";
import * as sqlite from "./sqlite.ts";

const { database, schema } = await openDatabase({ sqlite, postgresql });

const mounted = (parser: (request: Request) => Promise<unknown>) =>
  getRequestListener(
    createQueryHandler({
      acl,
      database,
      schema,
      basePath: "/", // Express takes its prefix away
      defaults: { maxBodySize: 200_000 },
      session: { parser },
      onError: console.error,
      onWarning: () => undefined,
    }),
  );
const nothing = async (): Promise<void> => undefined;

const app = express();
app.use("/before", mounted(nothing));
app.use(
  "/cloned",
  mounted(async (request) => void (await request.clone().text())),
);
app.use(
  "/read",
  mounted(async (request) => void (await request.text())),
);
app.use("/behind", express.json({ limit: "1mb" }));
app.use("/behind", mounted(nothing));
const server = app.listen(Number(process.env["PORT"]), () => console.log(server.address()));
