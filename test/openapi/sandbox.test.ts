import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenAPIDocument } from "@bepalo/query/openapi";
import { open } from "@/db/open";
import { startSandbox } from "@/index";
import { expectValid, Judge, posedBy } from "../support/documents.ts";

// The document that a running application tells its callers, on rows that are there.

let folder: string;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
beforeEach(async () => {
  // New rows whose keys are made up are new once.
  folder = await mkdtemp(join(tmpdir(), "documents-"));
  sandbox = await startSandbox({ database: await open(`file:${join(folder, "sandbox.db")}`), port: 0 });
});
afterEach(async () => {
  await sandbox?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function signIn(email: string, password: string): Promise<string> {
  const answer = await fetch(`${sandbox.url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { origin: sandbox.url, "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  expect(answer.status).toBe(200);
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

test.each([
  ["a guest", undefined, undefined],
  ["a user", "user@local.dev", "User@1234"],
  ["an admin", "admin@local.dev", "Admin@1234"],
])(
  "all examples of %s are answered as they say",
  async (_, email, password) => {
    const cookie = email === undefined ? "" : await signIn(email, password!);
    const headers = { origin: sandbox.url, ...(cookie && { cookie }) };
    const told = await fetch(`${sandbox.url}/query/$openapi`, { headers });
    const document = (await told.json()) as OpenAPIDocument;
    await expectValid(document);
    const judge = new Judge(document);
    const sent = new Set<string>();
    for (const posed of posedBy(document)) {
      const { method, url, body } = posed;
      const answer = await fetch(`${sandbox.url}/query${url}`, {
        method,
        headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      expect([method, url, body, answer.status, text]).toEqual([method, url, body, 200, text]);
      judge.expect(posed, answer.status, text === "" ? undefined : JSON.parse(text));
      sent.add(`${method} ${url.split("?")[0]}`);
    }
    expect([...sent]).toContain(email === undefined ? "GET /fruits" : "POST /posts");
  },
  60_000,
);
