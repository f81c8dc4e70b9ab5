import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { open } from "@/db/open";
import { startSandbox } from "@/index";

// Two windows side by side, of which one shows what is done in the other.

const executablePath = process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";
const demanded = process.env["REQUIRE_CHROMIUM"] === "1";
const found = existsSync(executablePath);
const missing = `there is no Chromium at ${executablePath}: apt-get install chromium, or name one in CHROMIUM_PATH`;
if (!found && !demanded) console.warn(`left out: two windows of the sandbox's page (${missing})`);

// Longer than the browser waits for anything: Bun ends the browser with a test that is overdue.
setDefaultTimeout(30_000);

let directory = "";
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let browser: Browser;
/** One person's, and a guest's. */
let mine: Page;
let other: Page;
let guest: Page;

const start = async (port: number) =>
  startSandbox({ database: await open(`file:${join(directory, "live.db")}`), port });

async function window(from?: Page): Promise<Page> {
  const context = from?.context() ?? (await browser.newContext({ viewport: { width: 800, height: 1000 } }));
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(sandbox.url);
  return page;
}

const row = (page: Page, title: string) => page.getByRole("rowheader", { name: title, exact: true });
const range = (page: Page) => page.getByRole("region", { name: "Your posts" }).locator("output");
const connection = (page: Page, text: string) =>
  page.locator("#connection").getByText(text, { exact: true }).waitFor();
const months = (page: Page) => page.locator("#months title").allTextContents();

async function add(page: Page, title: string): Promise<void> {
  const adding = page.locator("#new-post");
  if ((await adding.getAttribute("open")) === null) await adding.getByText("New post").click();
  await adding.getByLabel("Title").fill(title);
  await adding.getByLabel("Body").fill("Seen elsewhere.");
  await adding.getByRole("button", { name: "Add post" }).click();
}

/** Says something under a post of the feed, as the person of a window. */
const comment = (page: Page, body: string) =>
  page.evaluate(async (text) => {
    const { feed } = await (await fetch("/query/feed?select=(columns:(id:T),limit:1)")).json();
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const said = JSON.stringify({ postId: feed[0].id, body: text });
    return (await fetch("/query/comments?mine", { ...init, body: said })).status;
  }, body);

describe.skipIf(!found && !demanded)("two windows of the sandbox's page", () => {
  beforeAll(async () => {
    if (!found) throw new Error(missing);
    directory = await mkdtemp(join(tmpdir(), "page-live-"));
    sandbox = await start(0);
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"], timeout: 15_000 });
    mine = await window();
    await mine.getByRole("button", { name: "Mr. User" }).click();
    await range(mine).getByText("1–10 of").waitFor();
    other = await window(mine);
    guest = await window();
    for (const page of [mine, other, guest]) await connection(page, "Live");
  });
  afterAll(async () => {
    await browser?.close();
    await sandbox?.stop();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  test("one shows what is written in the other, and the buttons stay in one's hands", async () => {
    await range(other).getByText("1–10 of 30").waitFor();
    const edit = other.getByRole("button", { name: /^Edit / }).first();
    await edit.focus();
    const held = await edit.getAttribute("aria-label");
    await add(mine, "Written in one window");
    await row(other, "Written in one window").waitFor();
    await range(other).getByText("1–10 of 31").waitFor();
    expect(await other.evaluate(() => document.activeElement?.ariaLabel)).toBe(held);
  });

  test("one that is edited is left alone until it is edited no more", async () => {
    const edit = other.getByRole("button", { name: "Edit Written in one window" });
    await edit.click();
    const editor = other.locator(".editor");
    await editor.getByLabel("Title").fill("Mine");
    await add(mine, "Written meanwhile");
    await row(mine, "Written meanwhile").waitFor();
    await comment(mine, "So that there is something to wait for.");
    await other.waitForTimeout(300);
    expect(await editor.getByLabel("Title").inputValue()).toBe("Mine");
    expect(await row(other, "Written meanwhile").count()).toBe(0);
    await editor.getByRole("button", { name: "Cancel" }).click();
    await row(other, "Written meanwhile").waitFor();
    await range(other).getByText("1–10 of 32").waitFor();
  });

  test("numbers follow, a guest's as well", async () => {
    const before = await months(guest);
    expect(await comment(mine, "How true.")).toBe(200);
    for (const page of [guest, other])
      await page.waitForFunction(
        (last) =>
          [...document.querySelectorAll("#months title")].map(({ textContent }) => textContent).join() !==
          last,
        before.join(),
      );
    const after = await months(guest);
    const said = (all: readonly string[]) => Number(/(\d+) comments?$/.exec(all.at(-1)!)![1]);
    expect(after.length === before.length ? said(after) - said(before) : said(after)).toBe(1);
    expect(await months(other)).toEqual(after);
    for (const [name, page] of Object.entries({ mine, other })) {
      const path = join(import.meta.dir, "artefacts", `page-live-${name}.png`);
      await page.screenshot({ path, animations: "disabled" });
    }
  });

  test("they say that the server is away, and show what happened meanwhile when it is back", async () => {
    const { port } = new URL(sandbox.url);
    await sandbox.stop();
    for (const page of [mine, other, guest])
      await connection(page, "Disconnected: what is shown may be out of date");
    await other.screenshot({ path: join(import.meta.dir, "artefacts", "page-live-away.png") });
    const database = await open(`file:${join(directory, "live.db")}`);
    await database.$client.execute(
      "update post set title = 'Renamed meanwhile' where title = 'Written meanwhile'",
    );
    database.$client.close();
    sandbox = await start(Number(port));
    for (const page of [mine, other]) await row(page, "Renamed meanwhile").waitFor();
    for (const page of [mine, other, guest]) await connection(page, "Live again");
  });
});
