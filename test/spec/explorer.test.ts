import { afterEach, describe, expect, test } from "bun:test";
import { createQueryHandler, createQueryRoute, type QueryRouteOptions } from "@bepalo/query";
import { join } from "node:path";
import { DATABASES } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

// The page on which questions are clicked together: who gets it, and that it is the same for all of them.

interface Session {
  readonly me?: string;
}
type Options = QueryRouteOptions<string, Session>;

const acl = { authors: { table: "author", control: { GET: { reader: { select: true } } } } };
const { database } = await DATABASES["bun:sqlite"]();
const made = (explorer: unknown, options: Partial<Options> = {}) =>
  createQueryHandler<string, Session>({
    acl,
    database,
    schema,
    onWarning: () => undefined,
    session: {
      parser: (request, context) => void Object.assign(context, { me: request.headers.get("x-me") }),
      getRole: () => "reader",
    },
    access: true,
    explorer: explorer as Options["explorer"] & {},
    ...options,
  });
const ask = (
  on: (request: Request) => Promise<Response>,
  { method = "GET", path = "/query/$explorer", ...headers }: Record<string, string> = {},
) => on(new Request(`http://local${path}`, { method, headers }));

const { NODE_ENV } = process.env;
const runAs = (name: string | undefined): void => {
  if (name === undefined) delete process.env["NODE_ENV"];
  else process.env["NODE_ENV"] = name;
};
afterEach(() => runAs(NODE_ENV));

const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code];

describe("who gets it", () => {
  test("with true everybody in development, and nobody elsewhere", async () => {
    const handler = made(true);
    runAs("development");
    expect((await ask(handler)).status).toBe(200);
    for (const name of ["production", "test", "Development", "", undefined]) {
      runAs(name);
      expect(await codeOf(await ask(handler))).toEqual([403, "forbidden"]);
    }
  });

  test("with a function whom it answers a plain true, in production too", async () => {
    runAs("production");
    const handler = made(async ({ me }: Session) => me === "Ada");
    expect((await ask(handler, { "x-me": "Ada" })).status).toBe(200);
    expect(await codeOf(await ask(handler))).toEqual([403, "forbidden"]);
    for (const answer of [1, "yes", {}, Promise.resolve("true"), undefined])
      expect((await ask(made(() => answer))).status).toBe(403);
  });

  test("in production what stands behind the rules stays shut, whatever the functions answer", async () => {
    const handler = made(() => true, { inspect: () => true });
    const behind = ["/query/$matrix", "/query/$explain?request=authors"];
    for (const [name, status] of [
      ["development", 200],
      ["production", 403],
    ] as const) {
      runAs(name);
      expect((await ask(handler)).status).toBe(200);
      for (const path of behind) expect((await ask(handler, { path })).status).toBe(status);
    }
  });

  test("nobody without the option, or with false", async () => {
    runAs("development");
    for (const explorer of [undefined, false])
      expect(await codeOf(await ask(made(explorer)))).toEqual([404, "unknown-resource"]);
  });

  test("what is neither is a mistake at start", () => {
    for (const explorer of ["true", 1, null, {}])
      expect(() => made(explorer)).toThrow("explorer: expected true, false or a function");
    for (const explorer of [true, () => true])
      expect(() => made(explorer, { access: false })).toThrow("explorer: it asks what its reader may do");
  });

  test("what the function throws is no page, and none of its text is told", async () => {
    const failing = made(() => {
      throw new Error("secret-7");
    });
    const answer = await ask(failing);
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining("secret-7")]);
  });

  test("who is turned away by his session is turned away here too", async () => {
    const closed = made(() => true, {
      session: { parser: () => new Response("sign in", { status: 401 }) },
    });
    const answer = await ask(closed);
    expect([answer.status, await answer.text()]).toEqual([401, "sign in"]);
  });
});

describe("the page", () => {
  const handler = made(() => true);

  test("is one file, and says what it may do: to run its own script and to speak to where it comes from", async () => {
    const { headers } = await ask(handler);
    expect(headers.get("content-type")).toBe("text/html;charset=utf-8");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    const policy = headers.get("content-security-policy")!;
    expect(policy.replaceAll(/sha256-[\w+/]+={0,2}/g, "sha256-…").split("; ")).toEqual([
      "default-src 'none'",
      "script-src 'sha256-…'",
      "style-src 'sha256-…'",
      "connect-src 'self'",
      "img-src data:",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
  });

  test("has one script and one style, of the hashes that the policy names", async () => {
    const answer = await ask(handler);
    const policy = answer.headers.get("content-security-policy")!;
    const text = await answer.text();
    for (const element of ["script", "style"]) {
      const found = [...text.matchAll(new RegExp(`<${element}\\b[^>]*>([^]*?)</${element}>`, "g"))];
      expect(found.length).toBe(1);
      const hash = new Bun.CryptoHasher("sha256").update(found[0]![1]!).digest("base64");
      expect(policy).toContain(`${element}-src 'sha256-${hash}'`);
    }
    const markup = text.replace(/<(script|style)\b([^>]*)>[^]*?<\/\1>/g, "<$1$2>");
    expect(markup).not.toMatch(/\son\w+=|\sstyle=|javascript:|https?:|<(?:iframe|object|embed|base|form)\b/i);
    expect(markup.match(/\s(?:src|href)="[^"]*"/g)).toEqual([' href="data:,"']);
  });

  test("holds nothing of who asks, of the rules or of the address", async () => {
    const texts = await Promise.all(
      [
        ask(handler),
        ask(handler, { "x-me": "Ada", cookie: "session=secret-8", "accept-language": "de" }),
        ask(handler, { path: "/query/$explorer/" }),
        ask(
          made(() => true, { basePath: "/deep/api" }),
          { path: "/deep/api/$explorer" },
        ),
        ask(made(() => true, { acl: {} })),
      ].map(async (answer) => (await answer).text()),
    );
    expect(texts[0]!.length).toBeGreaterThan(1_000);
    expect(new Set(texts).size).toBe(1);
  });

  test("is asked for anew each time, and sent again only where it has changed", async () => {
    const { headers } = await ask(handler);
    expect(headers.get("cache-control")).toBe("private, no-cache");
    expect(headers.get("vary")).toBe("Cookie, Authorization");
    const again = await ask(handler, { "if-none-match": headers.get("etag")! });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect(
      (
        await ask(
          made(() => false),
          { "if-none-match": headers.get("etag")! },
        )
      ).status,
    ).toBe(403);
  });

  test("is only read: HEAD has its headers, OPTIONS says so, and nothing is written to it", async () => {
    const whole = await ask(handler);
    const head = await ask(handler, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-length")).toBe(String((await whole.bytes()).byteLength));
    const options = await ask(handler, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "OPTIONS, HEAD, GET, QUERY"]);
    for (const method of ["POST", "PATCH", "DELETE"]) {
      const refused = await ask(handler, { method, "sec-fetch-site": "same-origin" });
      expect(await codeOf(refused)).toEqual([405, "method-not-allowed"]);
    }
  });

  test("takes no parameters", async () => {
    const answer = await ask(handler, { path: "/query/$explorer?select=(limit:1)" });
    expect(await codeOf(answer)).toEqual([400, "unknown-parameter"]);
  });

  test("an author's headers are his, but for what keeps the page safe", async () => {
    const own = { "x-frame-options": "SAMEORIGIN", "Content-Security-Policy": "default-src *", "x-own": "1" };
    const { headers } = await ask(made(() => true, { headers: own }));
    expect(headers.get("x-own")).toBe("1");
    expect(headers.get("content-security-policy")).toStartWith("default-src 'none'");
    expect(headers.get("x-frame-options")).toBe("DENY");
  });

  test("is answered by a route of Bun.serve as well", async () => {
    const route = createQueryRoute({
      acl,
      database,
      schema,
      onWarning: () => undefined,
      access: true,
      explorer: () => true,
    });
    const server = Bun.serve({ port: 0, routes: { "/query/:id": route } });
    try {
      const answer = await fetch(new URL("/query/$explorer", server.url));
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html;charset=utf-8"]);
    } finally {
      await server.stop(true);
    }
  });

  test("is at most 200 KB to download", async () => {
    const page = await (await ask(handler)).bytes();
    expect(Bun.gzipSync(page).byteLength).toBeLessThan(200 * 1024);
  });
});

test("a copy of the source of which it was not made says what to run", async () => {
  // In a process of its own, in which the page's module is one that fails to load.
  const program = `
    import { mock } from "bun:test";
    mock.module(${JSON.stringify(join(import.meta.dir, "../../src/explorer/built.js"))}, () => { throw new Error("not there"); });
    const { explorerPage } = await import(${JSON.stringify(join(import.meta.dir, "../../src/explorer/explorer.ts"))});
    await explorerPage().catch((error) => console.log(error.status, error.message));
  `;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(stdout.toString().trim()).toBe(
    "503 the explorer's page was not made yet: run `npm run build:explorer`",
  );
});
