import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "@/db/open";
import { startSandbox } from "@/index";
import type { Access } from "../../../src/explorer/page/model/access.ts";
import { type Answer, type HeaderLines, own, send } from "../../../src/explorer/page/model/call.ts";
import { explain } from "../../../src/explorer/page/model/explain.ts";
import type { Asked, Place } from "../../../src/explorer/page/model/request.ts";

/** Somebody who uses the sandbox's explorer. */
export interface Caller {
  readonly access: Access;
  send(question: Asked): Promise<Answer>;
  explain(question: Asked): Promise<Answer>;
}

/** The sandbox, its place, and somebody who is signed in there, or nobody. */
export interface Running {
  readonly place: Place;
  caller(email?: string, password?: string): Promise<Caller>;
  stop(): Promise<void>;
}

/** Starts the sandbox on a database of its own. */
export async function running(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "explorer-"));
  const sandbox = await startSandbox({ database: await open(`file:${join(folder, "sandbox.db")}`), port: 0 });
  const place: Place = { origin: sandbox.url, base: "/query" };
  return {
    place,
    async caller(email, password) {
      const headers = email === undefined ? {} : await signedIn(place, email, password);
      const { body } = await own("$access", place, { headers });
      return {
        access: body as Access,
        send: (question) => send(question, place, { headers }),
        explain: (question) => explain(question, place, { headers }),
      };
    },
    async stop() {
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function signedIn({ origin }: Place, email: string, password = ""): Promise<HeaderLines> {
  const answer = await fetch(`${origin}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify({ email, password }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return {
    cookie: answer.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";")[0])
      .join("; "),
    origin,
  };
}
