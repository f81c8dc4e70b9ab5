import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { Lists, type Wish } from "./react-page.ts";
import { type Opened, serveStreams, type StreamServer } from "./stream-server.ts";

const executablePath = process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";
const demanded = process.env["REQUIRE_CHROMIUM"] === "1";
const found = existsSync(executablePath);
const missing = `there is no Chromium at ${executablePath}: apt-get install chromium, or name one in CHROMIUM_PATH`;
if (!found && !demanded) console.warn(`left out: React in a browser (${missing})`);

const rows = (...titles: string[]) => ({ posts: titles.map((title, id) => ({ id, title })) });
const rendered = (wishes: readonly Wish[]): string =>
  renderToString(createElement(Lists, { base: "http://nowhere.example", wishes }));

describe("on a server", () => {
  test("a component shows what it is given first, and asks for nothing", () => {
    const html = rendered([{ resource: "posts", initial: rows("a", "b") }, { resource: "users" }]);
    expect(html).toContain("<ul><li>a</li><li>b</li></ul>");
    expect(html.match(/<output>connecting/g)).toHaveLength(2);
  });
});

// Longer than the browser waits for anything: Bun ends the browser with a test that is overdue.
setDefaultTimeout(20_000);

describe.skipIf(!found && !demanded)("in a browser", () => {
  let browser: Browser;
  let page: Page;
  let server: StreamServer;
  let script: string;
  let html = "";
  const complaints: string[] = [];

  beforeAll(async () => {
    if (!found) throw new Error(missing);
    const built = await Bun.build({
      entrypoints: [join(import.meta.dir, "react-browser.ts")],
      target: "browser",
      // Its warnings are what is looked for.
      define: { "process.env.NODE_ENV": '"development"' },
    });
    script = await built.outputs[0]!.text();
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"], timeout: 15_000 });
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    server = serveStreams({
      "/": () =>
        new Response(
          `<!doctype html><link rel="icon" href="data:,"><main>${html}</main><script src="/page.js"></script>`,
          {
            headers: { "content-type": "text/html;charset=utf-8" },
          },
        ),
      "/page.js": () =>
        new Response(script, { headers: { "content-type": "text/javascript;charset=utf-8" } }),
    });
    page = await browser.newPage();
    page.setDefaultTimeout(8_000);
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    await page.close();
    await server.stop();
    html = "";
    expect(complaints.splice(0)).toEqual([]);
  });

  const open = () => page.goto(server.url);
  const show = (...wishes: readonly Wish[]) =>
    page.evaluate((given) => (globalThis as any).show(given), wishes);
  const shows = (...lists: readonly (readonly string[])[]) =>
    page.waitForFunction(
      (wanted) =>
        JSON.stringify(
          [...document.querySelectorAll("ul")].map((list) =>
            [...list.children].map((row) => row.textContent),
          ),
        ) === JSON.stringify(wanted),
      lists,
    );
  const says = (...texts: readonly string[]) =>
    page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll("output")].map(({ textContent }) => textContent).join() === wanted,
      texts.join(),
    );
  const retitle = (stream: Opened, place: number, row: number, title: string, id: string): void =>
    stream.say("patch", place, [{ op: "replace", path: `/posts/${row}/title`, value: title }], id);

  test("strict mode opens one stream, for all components, and equal questions are one", async () => {
    await open();
    await show(
      { resource: "posts", question: { limit: 2, offset: 1 } },
      { resource: "posts", question: { offset: 1, limit: 2 } },
      { resource: "users" },
    );
    const stream = await server.stream(1);
    expect(stream.questions.map(({ url }) => url)).toEqual([
      "/query/posts?select=(limit:2,offset:1)",
      "/query/users",
    ]);
    await says("connecting", "connecting", "connecting");
    stream.say("answer", 0, rows("a", "b"), "1");
    await shows(["a", "b"], ["a", "b"], []);
    await says("live", "live", "connecting");
    retitle(stream, 0, 1, "c", "2");
    await shows(["a", "c"], ["a", "c"], []);
    expect(server.opened).toHaveLength(1);
  });

  test("a row that did not change is not drawn again", async () => {
    await open();
    await show({ resource: "posts" });
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("a", "b"), "1");
    await shows(["a", "b"]);
    const drawn = () => page.evaluate(() => (globalThis as any).drawn as Record<string, number>);
    const before = await drawn();
    retitle(stream, 0, 1, "c", "2");
    await shows(["a", "c"]);
    retitle(stream, 0, 1, "d", "3");
    await shows(["a", "d"]);
    expect((await drawn())["a"]).toBe(before["a"]);
  });

  test("a component that comes late shows what is known at once", async () => {
    await open();
    await show({ resource: "posts" });
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("a"), "1");
    await shows(["a"]);
    await show({ resource: "posts" }, { resource: "posts" });
    await shows(["a"], ["a"]);
    expect(server.opened).toHaveLength(1);
  });

  test("another question is another answer, and the stream follows", async () => {
    await open();
    await show({ resource: "posts", question: { limit: 1 } });
    const first = await server.stream(1);
    first.say("answer", 0, rows("a"), "1");
    await shows(["a"]);
    await show({ resource: "posts", question: { limit: 2 } });
    await shows([]);
    await says("connecting");
    // The other is asked for at once, and what is no longer asked for is left out when it is known to be.
    let stream = await server.stream(2);
    if (stream.questions.length > 1) stream = await server.stream(3);
    expect(stream.questions.map(({ url }) => url)).toEqual(["/query/posts?select=(limit:2)"]);
    stream.say("answer", 0, rows("a", "b"), "2");
    await shows(["a", "b"]);
    await first.gone;
  });

  test("nothing is asked for while it is skipped", async () => {
    await open();
    await show({ resource: "posts", skip: true, initial: rows("x") });
    await says("idle");
    await shows(["x"]);
    expect(server.opened).toHaveLength(0);
    await show({ resource: "posts", skip: false, initial: rows("x") });
    await says("connecting");
    await shows(["x"]);
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("y"), "1");
    await shows(["y"]);
    await show({ resource: "posts", skip: true });
    await says("idle");
    await stream.gone;
  });

  test("it says when it is disconnected, back, and ended", async () => {
    await open();
    await show({ resource: "posts" });
    const first = await server.stream(1);
    first.say("answer", 0, rows("a"), "1");
    await says("live");
    first.close();
    await says("disconnected");
    await shows(["a"]);
    const second = await server.stream(2);
    second.say("same", 0, undefined, "1");
    await says("live");
    second.say("end", 0, { error: "no longer", code: "forbidden" });
    await says("ended: forbidden");
    await second.gone;
  });

  test("the stream is closed with the last component", async () => {
    await open();
    await show({ resource: "posts" });
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("a"), "1");
    await shows(["a"]);
    await page.evaluate(() => (globalThis as any).leave());
    await stream.gone;
    expect(server.opened).toHaveLength(1);
  });

  test("what a server has rendered is taken over, and kept true", async () => {
    const wishes: readonly Wish[] = [{ resource: "posts", initial: rows("a", "b") }];
    html = rendered(wishes);
    await open();
    await shows(["a", "b"]);
    await page.evaluate((given) => (globalThis as any).hydrate(given), wishes);
    const stream = await server.stream(1);
    expect(stream.questions[0]!.last).toBeUndefined();
    stream.say("answer", 0, rows("a", "b"), "1");
    await says("live");
    retitle(stream, 0, 0, "c", "2");
    await shows(["c", "b"]);
  });

  test("it is asked for at once when the page is online again", async () => {
    await open();
    await show({ resource: "posts" });
    const first = await server.stream(1);
    first.say("answer", 0, rows("a"), "1");
    await says("live");
    await page.context().setOffline(true);
    await page.context().setOffline(false);
    const second = await server.stream(2);
    expect(second.questions[0]!.last).toBe("1");
    second.say("same", 0, undefined, "1");
    retitle(second, 0, 0, "b", "2");
    await shows(["b"]);
    await first.gone;
  });
});
