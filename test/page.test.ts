import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { open } from "@/db/open";
import { startSandbox } from "@/index";

const executablePath = process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";
const demanded = process.env["REQUIRE_CHROMIUM"] === "1";
const found = existsSync(executablePath);
const missing = `there is no Chromium at ${executablePath}: apt-get install chromium, or name one in CHROMIUM_PATH`;
if (!found && !demanded) console.warn(`left out: the sandbox's page in a browser (${missing})`);

const args = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];
const TITLE = "<img src=x onerror=alert(1)>";
const FARTHEST = 8_000;

// Longer than the browser waits for anything: Bun ends the browser with a test that is overdue.
setDefaultTimeout(20_000);

let directory = "";
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const strangers: string[] = [];

async function launch(): Promise<void> {
  if (!found) throw new Error(missing);
  directory = await mkdtemp(join(tmpdir(), "page-"));
  const database = await open(`file:${join(directory, "page.db")}`);
  sandbox = await startSandbox({ database, port: 0 });
  browser = await chromium.launch({ executablePath, args, timeout: 15_000 });
  page = await browser.newPage({ viewport: { width: 1200, height: 1000 }, colorScheme: "light" });
  page.setDefaultTimeout(FARTHEST);
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => complaints.push(`a dialog says ${dialog.message()}`));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== sandbox.url) strangers.push(request.url());
  });
  await page.goto(sandbox.url);
}

async function close(): Promise<void> {
  await browser?.close();
  await sandbox?.stop();
  if (directory) await rm(directory, { recursive: true, force: true });
}

/** Keeps what the page looks like now, for people: in light, in dark, and as wide as a phone. */
async function portrait(name: string): Promise<void> {
  const size = page.viewportSize()!;
  const looks = [
    { look: "light", colorScheme: "light", width: 1200 },
    { look: "dark", colorScheme: "dark", width: 1200 },
    { look: "phone", colorScheme: "light", width: 390 },
  ] as const;
  for (const { look, colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ ...size, width });
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    const path = join(import.meta.dir, "artefacts", `page-${name}-${look}.png`);
    await page.screenshot({ path, fullPage: true, animations: "disabled" });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(size);
}

const button = (name: string, within: Page | Locator = page) =>
  within.getByRole("button", { name, exact: true });
const posts = () => page.getByRole("region", { name: "Your posts" });
const table = () => page.getByRole("table", { name: "Your posts" });
const rows = () => table().locator("tbody tr");
const titles = () => table().getByRole("rowheader");
const lastRequest = () =>
  page.getByRole("list", { name: "Last requests for posts" }).getByRole("listitem").first();

/** Waits until an element says a text, and fails with what it says instead. */
async function says(element: Locator, text: string): Promise<void> {
  await element
    .filter({ hasText: text })
    .waitFor()
    .catch(async () => expect(await element.textContent()).toContain(text));
}

const shown = (range: string) => says(posts().locator("output"), range);
const news = (text: string) => says(page.getByRole("status").last(), text);
const order = (column: string) =>
  table().getByRole("columnheader", { name: column }).getAttribute("aria-sort");

describe.skipIf(!found && !demanded)("the sandbox's page", () => {
  beforeAll(launch);
  afterAll(close);

  test("shows a guest the baskets with their fruits, and no posts", async () => {
    const baskets = page.getByRole("region", { name: "Baskets" });
    const orchard = baskets.getByRole("listitem").filter({ hasText: "Orchard" });
    await says(orchard.first(), "4 of 20");
    for (const fruit of ["Pear", "Quince", "Medlar", "Fig"]) await says(orchard.first(), fruit);
    expect(await orchard.getByRole("meter", { name: "sweetness of Fig" }).getAttribute("value")).toBe("8.5");
    await says(
      baskets,
      "/query/baskets?select=(columns:(name:T,capacity:T),orderBy:(name:'asc'),with:(fruit:(columns:(name:T,sweetness:T),orderBy:(sweetness:'desc',name:'asc'))))",
    );
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await posts().count()).toBe(0);
    await portrait("guest");
  });

  test("says what the server says of a wrong password", async () => {
    await page.getByLabel("E-mail").fill("user@local.dev");
    await page.getByLabel("Password").fill("wrong");
    await page.getByLabel("Password").press("Enter");
    await says(page.getByRole("alert"), "Invalid email or password");
    await says(page.getByRole("alert"), "INVALID_EMAIL_OR_PASSWORD (401)");
  });

  test("signs Mr. User in and lists his newest posts", async () => {
    await button("Mr. User").click();
    await says(page.getByRole("banner"), "Signed in as Mr. User");
    await shown("1–10 of 30");
    expect(await rows().count()).toBe(10);
    expect(await order("Written")).toBe("descending");
    expect(await page.evaluate("document.activeElement.id")).toBe("posts-title");
    await portrait("posts");
  });

  test("stays signed in when it is loaded again", async () => {
    await page.reload();
    await shown("1–10 of 30");
  });

  test("filters by title while it is typed, and writes down the question", async () => {
    await page.getByRole("searchbox", { name: "Title contains" }).pressSequentially("NOTES");
    await shown("1–6 found, of 30");
    expect((await titles().allTextContents()).every((title) => title.startsWith("Notes on"))).toBe(true);
    await says(lastRequest(), "GET");
    await says(lastRequest(), "where:(title.icontains:'NOTES'),orderBy:(createdAt:'desc',id:'asc'),limit:10");
  });

  test("finds signs that mean something in a URL", async () => {
    await page.getByRole("searchbox", { name: "Title contains" }).fill("5%25&'+\"");
    await shown("none found, of 30");
    await says(lastRequest(), "where:(title.icontains:`5%2525%26'%2B\"`)");
    const [written, sent] = await lastRequest()
      .getByRole("link")
      .evaluate((link: HTMLAnchorElement) => [link.textContent, link.href] as const);
    const selectOf = (url: string) => new URL(url, sandbox.url).searchParams.get("select");
    expect(selectOf(written)).toBe(selectOf(sent));
    await page.getByRole("searchbox", { name: "Title contains" }).fill("");
    await shown("1–10 of 30");
  });

  test("sorts by a header, and back, by keyboard too", async () => {
    await button("Title", table()).click();
    await says(titles().first(), "A short history of");
    expect([await order("Title"), await order("Written")]).toEqual(["ascending", "none"]);
    await button("Title", table()).press("Enter");
    await says(titles().first(), "What ");
    expect(await order("Title")).toBe("descending");
  });

  test("turns pages from the first to the last", async () => {
    expect(await button("Previous").isDisabled()).toBe(true);
    await button("Next").click();
    await shown("11–20 of 30");
    await button("Next").click();
    await shown("21–30 of 30");
    expect(await button("Next").isDisabled()).toBe(true);
    expect(await page.evaluate("document.activeElement.id")).toBe("posts-title");
    await says(lastRequest(), "limit:10,offset:20");
    await button("Previous").click();
    await shown("11–20 of 30");
  });

  test("adds a post and shows it, as text whatever it looks like", async () => {
    await posts().getByText("New post").click();
    await posts().getByLabel("Title", { exact: true }).fill(TITLE);
    await posts().getByLabel("Body").fill("<script>alert(2)</script>");
    // Twice in one breath, before the first is answered: one post all the same.
    await button("Add post").evaluate((add: HTMLButtonElement) => (add.click(), add.click()));
    await news(`Added “${TITLE}”.`);
    await shown("1–10 of 31");
    expect(await titles().first().textContent()).toBe(TITLE);
    expect(await rows().first().locator(".body").textContent()).toBe("<script>alert(2)</script>");
    expect(await table().locator("img, script").count()).toBe(0);
    expect(await posts().getByLabel("Title", { exact: true }).inputValue()).toBe("");
  });

  test("shows what the server refuses in the server's words", async () => {
    await posts().getByLabel("Title", { exact: true }).fill("x".repeat(51));
    await posts().getByLabel("Body").fill("y".repeat(513));
    await button("Add post").click();
    const problem = page.getByRole("alert");
    await says(problem, "the body is not valid");
    await says(problem, "invalid-body (400)");
    expect(await problem.getByRole("listitem").allTextContents()).toEqual([
      "body must be at most length 512 (was 513)",
      "title must be at most length 50 (was 51)",
    ]);
    expect(await problem.getByText("hint").isVisible()).toBe(false);
    expect(await posts().getByLabel("Title", { exact: true }).inputValue()).toHaveLength(51);
    await says(lastRequest(), "400");
    await portrait("refused");
    await button("Dismiss").click();
    await shown("1–10 of 31");
    expect(await problem.getByText("invalid-body").isVisible()).toBe(false);
  });

  test("edits a post where it stands", async () => {
    await button(`Edit ${TITLE}`).click();
    const editor = table().locator(".editor");
    expect(await editor.getByLabel("Title").inputValue()).toBe(TITLE);
    await portrait("editing");
    await editor.getByLabel("Title").press("Escape");
    expect(await titles().first().textContent()).toBe(TITLE);

    await button(`Edit ${TITLE}`).click();
    await editor.getByLabel("Title").fill("Notes on browsers");
    await editor.getByLabel("Title").press("Enter");
    await news("Saved “Notes on browsers”.");
    expect(await titles().first().textContent()).toBe("Notes on browsers");
    expect(await rows().first().locator(".body").textContent()).toBe("<script>alert(2)</script>");
    expect(await page.evaluate("document.activeElement.ariaLabel")).toBe("Edit Notes on browsers");
  });

  test("deletes a post, but asks first", async () => {
    const question = page.getByRole("dialog", { name: "Delete “Notes on browsers”?" });
    await button("Delete Notes on browsers").click();
    await question.waitFor();
    await page.keyboard.press("Escape");
    await question.waitFor({ state: "hidden" });
    await button("Delete Notes on browsers").click();
    await button("Delete it", question).click();
    await news("Deleted “Notes on browsers”.");
    await shown("1–10 of 30");
    expect(await page.getByText("Notes on browsers", { exact: true }).count()).toBe(0);
  });

  test("knows the last page of a filter, also when it is full, and when its last post goes", async () => {
    const filter = page.getByRole("searchbox", { name: "Title contains" });
    await filter.fill("notes on");
    await shown("1–6 found, of 30");
    expect(await button("Next").isDisabled()).toBe(true);
    await filter.fill("br");
    await shown("1–10 found, of 30");
    await button("Next").click();
    await page.getByRole("button", { name: "Next", disabled: true }).waitFor();
    await shown("1–10 found, of 30");

    await filter.fill("of");
    await button("Next").click();
    await shown("11–12 found, of 30");
    for (const range of ["11–11 found, of 29", "1–10 found, of 28"]) {
      await rows()
        .first()
        .getByRole("button", { name: /^Delete / })
        .click();
      await button("Delete it").click();
      await shown(range);
    }
  });

  test("signs out, and another person sees other posts", async () => {
    await button("Sign out").click();
    await news("Signed out.");
    expect(await posts().count()).toBe(0);
    expect(await page.evaluate("document.activeElement.name")).toBe("email");
    await button("Mr. Admin").click();
    await says(page.getByRole("banner"), "Mr. Admin");
    await shown("1–6 of 6");
    expect(
      await posts().getByRole("list", { name: "Last requests for posts" }).getByRole("listitem").count(),
    ).toBe(1);
    await posts().getByText("New post").click();
    expect(await posts().getByLabel("Title", { exact: true }).inputValue()).toBe("");
  });

  test("complains in the console of nothing but the two refusals, and asks nobody but its own server", () => {
    expect(complaints).toEqual([
      "Failed to load resource: the server responded with a status of 401 (Unauthorized)",
      "Failed to load resource: the server responded with a status of 400 (Bad Request)",
    ]);
    expect(strangers).toEqual([]);
  });
});
