import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createQueryHandler } from "@bepalo/query";
import { relations } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { open } from "@/db/open";
import { startSandbox } from "@/index";

// What people do in the explorer: they click a question together, read it, run it, write, are refused, and look again.

const executablePath = process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";
const demanded = process.env["REQUIRE_CHROMIUM"] === "1";
const found = existsSync(executablePath);
const missing = `there is no Chromium at ${executablePath}: apt-get install chromium, or name one in CHROMIUM_PATH`;
if (!found && !demanded) console.warn(`left out: the explorer in a browser (${missing})`);

const args = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
];
const HOSTILE = "<img src=x onerror=alert(1)>";

// Longer than the browser waits for anything: Bun ends the browser with a test that is overdue.
setDefaultTimeout(20_000);

let directory = "";
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let browser: Browser;
let page: Page;
/** What went wrong in the page, requests that left the origin, and what was asked of the API. */
const complaints: string[] = [];
const strangers: string[] = [];
const asked: string[] = [];

async function opened(url: string): Promise<Page> {
  const { origin } = new URL(url);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      console.error(`forbidden: ${violatedDirective} ${blockedURI}`),
    ),
  );
  const window = await context.newPage();
  window.setDefaultTimeout(8_000);
  window.on("pageerror", (error) => complaints.push(error.message));
  window.on("dialog", (dialog) => complaints.push(`a dialog says ${dialog.message()}`));
  window.on("console", (message) => {
    // What is refused is meant to be.
    if (
      message.type() === "error" &&
      !/^Failed to load resource: (?:the server responded|net::ERR_(?:CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET|EMPTY_RESPONSE))/.test(
        message.text(),
      )
    )
      complaints.push(message.text());
  });
  window.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin) strangers.push(request.url());
    if (!/\/\$(?:explorer|access|explain|matrix)$/.test(url.pathname))
      asked.push(`${request.method()} ${url.pathname}`);
  });
  await window.goto(url);
  return window;
}

const button = (name: string | RegExp, within: Page | Locator = page) =>
  within.getByRole("button", { name, exact: typeof name === "string" });
const resource = (name: string) =>
  page.getByRole("navigation", { name: "Resources" }).getByText(name, { exact: true });
const part = (title: string, within: Page | Locator = page) =>
  within.getByRole("group", { name: new RegExp(`^${title}\\d*$`) }).first();
const chip = (title: string, name: string) => part(title).getByRole("button", { name, exact: true }).first();
const editor = () => page.locator("#text");
const written = async (form: string) => {
  await page.getByRole("tab", { name: form, exact: true }).click();
  return editor().inputValue();
};
const grid = (name: string) => page.getByRole("table", { name: `Rows of ${name}` });
const cells = (name: string, column: number) =>
  grid(name)
    .locator(`tbody tr > :nth-child(${column + 1})`)
    .allTextContents();
/** Runs the question, and waits until its answer is seen. */
async function run(): Promise<void> {
  const answer = page.waitForResponse((response) => /\/query\/[a-z]/.test(response.url()));
  await page.keyboard.press("Control+Enter");
  await answer;
  await page.locator("#answer[aria-busy=false]").waitFor();
}
const answered = (status: number) =>
  page.locator(".facts").getByText(String(status), { exact: true }).waitFor();
const range = (text: string) => page.locator(".foot output").getByText(text, { exact: true }).waitFor();

/** Signs in as the application does it, in the window of a person. */
const signIn = (window: Page, who: "user" | "admin") =>
  window.evaluate(async (name) => {
    const password = { user: "User@1234", admin: "Admin@1234" }[name];
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const body = JSON.stringify({ email: `${name}@local.dev`, password });
    return (await fetch("/api/auth/sign-in/email", { ...init, body })).status;
  }, who);

describe.skipIf(!found && !demanded)("the explorer", () => {
  beforeAll(async () => {
    if (!found) throw new Error(missing);
    directory = await mkdtemp(join(tmpdir(), "explorer-"));
    sandbox = await startSandbox({ database: await open(`file:${join(directory, "e.db")}`), port: 0 });
    browser = await chromium.launch({ executablePath, args, timeout: 15_000 });
    page = await opened(`${sandbox.url}/query/$explorer`);
    await resource("baskets").waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await sandbox?.stop();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  test("shows a guest what he may use, and asks nothing by itself", async () => {
    const names = await page.locator(".resource .name").allTextContents();
    expect(names).toEqual(["feed", "comments", "tags", "fruits", "baskets", "tastes"]);
    await button("Guest").waitFor();
    await page.getByRole("searchbox", { name: "Find a resource" }).fill("fru");
    expect(await page.locator(".resource .name").allTextContents()).toEqual(["fruits"]);
    await page.getByRole("searchbox", { name: "Find a resource" }).fill("");
    expect(asked).toEqual([]);
  });

  test("clicks together columns, a filter through a relation and a relation, in step in every form", async () => {
    await resource("baskets").click();
    await chip("Columns", "id").click();
    await part("Filter").getByLabel("Add a condition").first().selectOption({ label: "fruit" });
    const through = part("Filter").locator(".group").first();
    await through.getByLabel("Add a condition").selectOption({ label: "sweetness" });
    await through.getByRole("textbox", { name: "sweetness gte" }).fill("8");
    await chip("Relations", "fruit").click();
    expect(await written("RJSON")).toContain("fruit");
    const url = await written("URL");
    expect(decodeURIComponent(url)).toBe(
      `${sandbox.url}/query/baskets?select=(columns:~T(name,capacity)~,where:(fruit:(sweetness.gte:8)),with:(fruit:T))`,
    );
    expect(await written("Client")).toContain("api.get(");
    expect(await written(".http")).toStartWith("GET ");
    await run();
    await answered(200);
    expect(await cells("baskets", 1)).toEqual(["Orchard", "Tropics", "Stones"]);
    await button("fruit: 4 rows", grid("baskets")).first().click();
    await page.getByRole("table", { name: "fruit", exact: true }).getByText("Quince").waitFor();
    // What is typed is clicked.
    await page.getByRole("tab", { name: "RJSON" }).click();
    await editor().fill("(columns:~T(name)~,limit:2)");
    expect(await chip("Columns", "capacity").getAttribute("aria-pressed")).toBe("false");
    expect(await chip("Relations", "fruit").getAttribute("aria-pressed")).toBe("false");
    expect(await part("Page").getByLabel("limit").inputValue()).toBe("2");
  });

  test("takes each form as it is typed, and all others follow", async () => {
    const question = "(columns:~T(name)~,where:(name:'Orchard'))";
    await resource("baskets").click();
    await editor().fill(question);
    const forms = ["URL", "curl", "Client", ".http"];
    const texts = new Map<string, string>();
    for (const form of forms) texts.set(form, await written(form));
    for (const form of forms) {
      await resource("fruits").click();
      await written(form);
      await editor().fill(texts.get(form)!);
      await page.getByRole("heading", { name: "baskets" }).waitFor();
      expect(await chip("Columns", "name").getAttribute("aria-pressed")).toBe("true");
      for (const other of forms) expect([form, await written(other)]).toEqual([form, texts.get(other)!]);
      expect([form, await written("RJSON")]).toEqual([form, question]);
    }
  });

  test("copies a curl that a shell runs, and that answers the same", async () => {
    await resource("fruits").click();
    await part("Filter").getByLabel("Add a condition").selectOption({ label: "name" });
    await part("Filter").getByRole("textbox", { name: "name contains" }).fill("it's $(id) `x` \\ \"e");
    await run();
    await page.getByText("No row fits").waitFor();
    await part("Filter").getByRole("textbox", { name: "name contains" }).fill("each");
    await run();
    await answered(200);
    await page.getByRole("tab", { name: "curl" }).click();
    await button("Copy the text").click();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    expect(command).toStartWith("curl");
    expect(command.toLowerCase()).not.toMatch(/cookie|authorization/);
    const shell = Bun.spawn(["bash", "-c", command.replace("curl ", "curl -s ")], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const told = JSON.parse(await new Response(shell.stdout).text());
    await page.getByRole("tab", { name: "JSON", exact: true }).click();
    expect(JSON.parse((await page.getByLabel("The answer as JSON").textContent())!)).toEqual(told);
    expect(told.fruits.map(({ name }: { name: string }) => name)).toEqual(["Peach"]);
    await page.getByRole("tab", { name: "Rows", exact: true }).click();
  });

  test("sorts by a header, and walks from page to page", async () => {
    await part("Filter")
      .getByRole("button", { name: /^Remove/ })
      .click();
    await run();
    await range("1–10 of 20");
    const head = grid("fruits").getByRole("columnheader", { name: /^name/ });
    await head.getByRole("button").click();
    await grid("fruits").locator("tbody tr").first().getByText("Blueberry").waitFor();
    expect(await head.getAttribute("aria-sort")).toBe("ascending");
    await button("Next").click();
    await range("11–20 of 20");
    expect(await button("Next").isDisabled()).toBe(true);
    await button("Previous").click();
    await range("1–10 of 20");
    // What is being built meanwhile is left, and not sent.
    await button("POST").click();
    await head.getByRole("button").click();
    await grid("fruits").locator("tbody tr").first().getByText("Tangerine").waitFor();
    expect(await button("GET").getAttribute("aria-pressed")).toBe("true");
    expect(asked.filter((request) => !request.startsWith("GET"))).toEqual([]);
  });

  test("asks for numbers by groups, and draws them", async () => {
    await button("Numbers").click();
    await part("Numbers").getByLabel("avg of sweetness").check();
    await page.getByLabel("Group by").selectOption("basket.name");
    await run();
    await answered(200);
    expect(await cells("fruits", 1)).toEqual(["Berries", "Citrus", "Orchard", "Stones", "Tropics"]);
    expect(await cells("fruits", 3)).toEqual(["5.375", "4", "6.125", "7.1667", "7.25"]);
    await page.getByRole("tab", { name: "Chart" }).click();
    const chart = page.getByRole("img", { name: "count by basket.name" });
    await chart.waitFor();
    await chart.locator("canvas").waitFor();
    await page.getByLabel("Figure").selectOption({ label: "avg sweetness" });
    await page.getByRole("img", { name: "avg sweetness by basket.name" }).waitFor();
    await page.getByRole("tab", { name: "Rows", exact: true }).click();
    // Of groups by two things there is no chart.
    await page.getByLabel("Group by").selectOption("name");
    await run();
    await answered(200);
    expect(await page.getByRole("tab", { name: "Chart" }).count()).toBe(0);
    await button("Rows").click();
  });

  test("is refused, and says why where it belongs", async () => {
    await resource("feed").click();
    await page.getByRole("tab", { name: "RJSON" }).click();
    await editor().fill("(columns:~T(title)~,where:(titel:Notes))");
    await run();
    const card = page.getByRole("alert", { name: "Refused" });
    await card.getByText("unknown-column").waitFor();
    await card.getByText("select.where").waitFor();
    const told = part("Filter").locator(".problem");
    expect(await told.textContent()).toBe("unknown column titel · did you mean title?");
    expect(await page.locator(".editor .wrong").textContent()).toBe("titel");
    await editor().fill("(columns:~T(title)~,where:(title:");
    await page.locator("#text-problem").waitFor();
    expect(await button(/^Run/).isDisabled()).toBe(true);
    await editor().fill("");
  });

  test("completes what is written from what may be asked", async () => {
    await editor().fill("");
    await editor().pressSequentially("(wh");
    const list = page.getByRole("listbox", { name: "Completions" });
    await list.getByRole("option", { name: "where" }).waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.type("titl");
    await list
      .getByRole("option", { name: /^title/ })
      .first()
      .waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Escape");
    expect(await list.count()).toBe(0);
    expect(await editor().inputValue()).toStartWith("(where:(titl");
    await editor().fill("");
  });

  test("is another page for who has signed in: reads, changes a row, and is told what is wrong beside its field", async () => {
    expect(await signIn(page, "user")).toBe(200);
    await button("Guest").click();
    await button("Reload as who I am now").click();
    await button("user", page.getByRole("banner")).waitFor();
    await resource("posts").click();
    await run();
    await range("1–10 of 30");
    const moment = grid("posts").locator("time").first();
    expect(await moment.getAttribute("datetime")).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(await moment.textContent()).not.toContain("T");
    await button("Change row post-001").click();
    const dialog = page.getByRole("dialog", { name: "Change post-001" });
    await dialog.getByRole("textbox", { name: "title" }).fill("x".repeat(60));
    await button("Save", dialog).click();
    await dialog.getByText("title must be at most length 50 (was 60)").waitFor();
    expect(await dialog.getByRole("textbox", { name: "title" }).getAttribute("aria-invalid")).toBe("true");
    await dialog.getByRole("textbox", { name: "title" }).fill("Changed in the explorer");
    await button("Save", dialog).click();
    await grid("posts").getByText("Changed in the explorer").waitFor();
    expect(await dialog.count()).toBe(0);
  });

  test("is told when somebody else has changed a row, sees both versions, and writes over it only then", async () => {
    await run();
    await button("Change row post-001").click();
    const dialog = page.getByRole("dialog", { name: "Change post-001" });
    await dialog.getByRole("textbox", { name: "title" }).fill("Mine");
    const elsewhere = await page.evaluate(async () => {
      const init = { method: "PATCH", headers: { "content-type": "application/json" } };
      const url = "/query/posts?mine&select=(where:(id:'post-001'))";
      return (await fetch(url, { ...init, body: JSON.stringify({ title: "Theirs" }) })).status;
    });
    expect(elsewhere).toBe(200);
    await button("Save", dialog).click();
    await dialog.getByText("Somebody changed it since you read it.").waitFor();
    const both = dialog.getByRole("table", { name: "Both versions" });
    expect(await both.getByRole("row").filter({ hasText: "title" }).textContent()).toMatch(/Theirs.*Mine/);
    await button("Save over it", dialog).click();
    await grid("posts").getByText("Mine", { exact: true }).waitFor();
    expect(await dialog.count()).toBe(0);
  });

  test("writes a new row by a form, and removes it once one is sure", async () => {
    await button("New row").click();
    await part("Body").getByRole("textbox", { name: "title" }).fill("Made by a form");
    await run();
    await part("Body")
      .getByText(/body must be/)
      .waitFor();
    await part("Body").getByRole("textbox", { name: "body" }).fill(HOSTILE);
    await run();
    await answered(200);
    await grid("posts").getByText(HOSTILE, { exact: true }).waitFor();
    await button("GET").click();
    await part("Filter").getByLabel("Add a condition").selectOption({ label: "title" });
    await part("Filter").getByRole("textbox", { name: "title contains" }).fill("Made by");
    await run();
    await grid("posts").getByText(HOSTILE, { exact: true }).waitFor();
    await button(/^Remove row/).click();
    const dialog = page.getByRole("dialog", { name: "Remove this row?" });
    await button("Keep it", dialog).click();
    expect(await grid("posts").count()).toBe(1);
    await button(/^Remove row/).click();
    await button("Remove", dialog).click();
    await page.getByText("No row fits").waitFor();
  });

  test("says what becomes of a row that is there already, and tries a write out", async () => {
    await resource("baskets").click();
    await button("POST").click();
    await part("Body").getByRole("textbox", { name: "name" }).fill("Upsert");
    const capacity = part("Body").getByRole("textbox", { name: "capacity" });
    const form = part("How it is written");
    // Of new baskets the rule lets none be tried out.
    expect(await form.getByText("only try it out").count()).toBe(0);
    await capacity.fill("3");
    await run();
    await answered(200);
    await capacity.fill("4");
    await run();
    await page.getByRole("alert", { name: "Refused" }).getByText("conflict").first().waitFor();
    await button("changed", form).click();
    expect(await written("URL")).toEndWith("/query/baskets?onConflict=(target:_(name)_)");
    expect(await written("Client")).toContain('{ onConflict: { target: ["name"] } }');
    await run();
    await answered(200);
    expect(await cells("baskets", 3)).toEqual(["4"]);
    await capacity.fill("5");
    await button("left as it is", form).click();
    await run();
    await answered(200);
    await button("PATCH").click();
    expect(await part("Body").getByRole("textbox", { name: "name" }).count()).toBe(0);
    await page.getByRole("tab", { name: ".http", exact: true }).click();
    const url = `${sandbox.url}/query/baskets?select=(where:(name:Upsert))`;
    await editor().fill(`PATCH ${url}\n\n{"capacity":6}`);
    await form.getByLabel("only try it out").check();
    expect(await written("curl")).toContain("-H 'prefer: tx=rollback'");
    expect(await written("Client")).toContain("{ dryRun: true }");
    await run();
    await page.locator(".facts").getByText("tried out, nothing is kept").waitFor();
    expect(await cells("baskets", 3)).toEqual(["6"]);
    expect(await (await fetch(url)).json()).toMatchObject({ baskets: [{ name: "Upsert", capacity: 4 }] });
    // A link to it is one to a try.
    expect(new URL(page.url()).hash).toStartWith("#PATCH~rollback:/query/baskets");
    await fetch(url, { method: "DELETE" });
  });

  test("keeps an answer true, and shows what somebody else writes", async () => {
    await resource("baskets").click();
    await button("Live").click();
    await page.locator(".live.on").waitFor();
    expect(await cells("baskets", 2)).not.toContain("From elsewhere");
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const body = JSON.stringify({ name: "From elsewhere", capacity: 3 });
    expect((await fetch(`${sandbox.url}/query/baskets`, { ...init, body })).status).toBe(200);
    const row = grid("baskets").locator("tbody tr").filter({ hasText: "From elsewhere" });
    await row.waitFor();
    await fetch(`${sandbox.url}/query/baskets?select=(where:(name:'From elsewhere'))`, {
      ...init,
      method: "DELETE",
    });
    await row.waitFor({ state: "detached" });
    // The stream breaks, and comes back by itself with what was written meanwhile.
    const port = Number(new URL(sandbox.url).port);
    await sandbox.stop();
    await button("Disconnected").waitFor();
    expect(await grid("baskets").locator("tbody tr").count()).toBeGreaterThan(0);
    sandbox = await startSandbox({ database: await open(`file:${join(directory, "e.db")}`), port });
    expect((await fetch(`${sandbox.url}/query/baskets`, { ...init, body })).status).toBe(200);
    await page.locator(".live.on").waitFor();
    await row.waitFor();
    await button("Live").click();
    expect(await page.locator(".live.on").count()).toBe(0);
  });

  test("explains what is asked, and shows who may do what", async () => {
    await page.getByRole("tab", { name: "Explain" }).click();
    await page.getByRole("region", { name: "Rules" }).getByText("acl.baskets.control.GET.all").waitFor();
    const became = page.getByRole("region", { name: "What it became" });
    expect(await became.locator("dl").first().textContent()).toMatch(/tablebasket.*orderBy.*limit\d+offset0/);
    await page.getByRole("region", { name: "SQL for rows" }).getByText("select").first().waitFor();
    await page.getByRole("list", { name: "Query plan" }).getByRole("listitem").first().waitFor();
    await page.getByRole("region", { name: "Time" }).getByRole("meter", { name: "compile" }).waitFor();
    await button("Matrix").click();
    const table = page.getByRole("table", { name: "Who may do what" });
    await table.getByRole("button", { name: "admin" }).click();
    const rule = page.getByRole("complementary", { name: "Rule" });
    await rule.getByText("acl.users.control.GET.admin").waitFor();
    await button("Question").click();
  });

  test("a link brings its question, and does not run it", async () => {
    await resource("baskets").click();
    await page.getByRole("tab", { name: "RJSON" }).click();
    await editor().fill("(columns:~T(name)~,where:(name:'it\\'s & 100%'))");
    await button("DELETE").click();
    await button("Copy a link to this question").click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toStartWith(`${sandbox.url}/query/$explorer#`);
    const before = asked.length;
    const other = await opened(link);
    await other.getByRole("button", { name: "Send DELETE" }).waitFor();
    expect(await other.locator("#text").inputValue()).toContain("it's & 100%");
    await other.waitForTimeout(200);
    expect(asked.slice(before)).toEqual([]);
    // Even then it is asked about.
    await other.keyboard.press("Control+Enter");
    await other.getByRole("dialog", { name: "Remove rows of baskets?" }).waitFor();
    expect(asked.slice(before)).toEqual([]);
    await other.context().close();
    await button("GET").click();
  });

  test("is used by keys alone", async () => {
    await page.locator("#answer").focus();
    await page.keyboard.press("/");
    await page.keyboard.type("tast");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "tastes" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("2");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("question");
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press("Tab");
      if ((await page.evaluate(() => document.activeElement?.textContent)) === "fruits") break;
    }
    await page.keyboard.press("Space");
    await page.keyboard.press("3");
    expect(await editor().inputValue()).toBe("(columns:~T(basket,sweetness)~)");
    await page.keyboard.press("Control+Enter");
    await answered(200);
    await page.locator("#answer").focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).getByText("Run the question").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("answer");
  });

  test("fits a phone, and takes colours as one likes them", async () => {
    // With all that its caller may use.
    await page.getByRole("searchbox", { name: "Find a resource" }).fill("");
    await page.setViewportSize({ width: 400, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.setViewportSize({ width: 1280, height: 900 });
    const paper = () =>
      page.evaluate(() => getComputedStyle(document.querySelector(".bar")!).backgroundColor);
    const light = await paper();
    await button("Make it dark").click();
    expect(await paper()).not.toBe(light);
    await button("Make it light").click();
    expect(await paper()).toBe(light);
    const other = await opened(page.url());
    await other.emulateMedia({ colorScheme: "dark" });
    await button("Make it light", other).waitFor();
    const seen = await other.evaluate(
      () => getComputedStyle(document.querySelector(".bar")!).backgroundColor,
    );
    expect(seen).not.toBe(light);
    await other.context().close();
  });

  test("says by a name what each thing is that is reached by keys", async () => {
    const session = await page.context().newCDPSession(page);
    const namelessOf = async () => {
      const { nodes } = await session.send("Accessibility.getFullAXTree");
      const reached = nodes.filter(
        ({ role, properties = [] }) =>
          !["RootWebArea", "main"].includes(role?.value) && // which are led to, and are no control
          properties.some(({ name, value }) => name === "focusable" && value.value === true),
      );
      expect(reached.length).toBeGreaterThan(20);
      return reached.filter(({ name }) => !name?.value).map(({ role }) => role?.value);
    };
    await resource("posts").click();
    await run();
    for (const step of ["GET", "POST"]) {
      await button(step).click();
      for (const look of ["Rows", "JSON", "Explain"]) {
        await page.getByRole("tab", { name: look, exact: true }).click();
        if (look === "Explain") await page.getByRole("region", { name: "Rules" }).waitFor();
        expect([step, look, await namelessOf()]).toEqual([step, look, []]);
      }
    }
    await button("GET").click();
    await button("Matrix").click();
    await page.getByRole("table", { name: "Who may do what" }).waitFor();
    expect(await namelessOf()).toEqual([]);
    await button("Question").click();
    await page.getByRole("tab", { name: "Rows", exact: true }).click();
    await session.detach();
  });

  test("asks as the headers say that are typed, keeps them nowhere, and hides what its reader may not see", async () => {
    const { url, stop } = hostile();
    const window = await opened(`${url}/api/$explorer`);
    const names = window.locator(".resource .name");
    await names.first().waitFor();
    expect(await names.allTextContents()).toEqual(["notes"]);
    expect(await window.getByRole("tab", { name: "Explain" }).count()).toBe(0);
    expect(await button("Matrix", window).count()).toBe(0);
    await button("Who asks", window).click();
    const lines = window.getByLabel(/^Header lines/);
    await lines.fill("no header");
    expect(await button("Reload as who I am now", window).isDisabled()).toBe(true);
    await lines.fill("X-Role: chief");
    await button("Reload as who I am now", window).click();
    await button(/^chief/, window).waitFor();
    expect(await names.allTextContents()).toEqual(["authors", "notes"]);
    await button("Matrix", window).waitFor();
    await names.getByText("authors").click();
    for (const form of ["curl", ".http", "URL", "Client"]) {
      await window.getByRole("tab", { name: form, exact: true }).click();
      expect((await window.locator("#text").inputValue()).toLowerCase()).not.toMatch(/x-role|chief/);
    }
    const kept = await window.evaluate(
      () => localStorage.length + sessionStorage.length + document.cookie.length,
    );
    expect(kept).toBe(0);
    await window.reload();
    await names.first().waitFor();
    expect(await names.allTextContents()).toEqual(["notes"]);
    await window.context().close();
    await stop();
  });

  test("shows what others have written as the text that it is", async () => {
    const { url, stop } = hostile();
    const window = await opened(`${url}/api/$explorer`);
    await window.getByText("notes", { exact: true }).first().click();
    await part("Relations", window).getByRole("button", { name: "author" }).click();
    await window.keyboard.press("Control+Enter");
    const table = window.getByRole("table", { name: "Rows of notes" });
    // Of what the rule does not say `live` no switch is offered.
    expect(await button("Live", window).count()).toBe(0);
    expect(await table.locator("tbody td.digits + td").first().textContent()).toBe(HOSTILE);
    await button(`author: ${HOSTILE}`, table).first().click();
    await window.getByRole("table", { name: "author" }).getByText(HOSTILE, { exact: true }).first().waitFor();
    await button(/^about: /, table)
      .first()
      .click();
    await window.getByText(`"${HOSTILE}": "${HOSTILE}"`).waitFor();
    await table.locator(".masked").first().waitFor();
    await table.getByText("9007199254740993", { exact: true }).first().waitFor();
    await table.getByText("null", { exact: true }).first().waitFor();
    // What a filter offers comes of the schema.
    await part("Filter", window).getByLabel("Add a condition").selectOption({ label: "status" });
    expect(await part("Filter", window).getByLabel("status eq").inputValue()).toBe(HOSTILE);
    await window.getByRole("tab", { name: "JSON", exact: true }).click();
    await window.getByLabel("The answer as JSON").getByText(HOSTILE).waitFor();
    await window.getByLabel("The answer as JSON").getByText('"size": 9007199254740993').waitFor();
    expect(await window.locator("img").count()).toBe(0);
    await window.context().close();
    await stop();
  });

  test("explains a write of several requests part by part, in the order in which they are done", async () => {
    const { url, stop } = hostile();
    const window = await opened(`${url}/api/$explorer`);
    await button("Who asks", window).click();
    await window.getByLabel(/^Header lines/).fill("X-Role: chief");
    await button("Reload as who I am now", window).click();
    await window.locator(".resource .name").getByText("notes").click();
    await button("POST", window).click();
    await button("JSON", part("Body", window)).click();
    const body = { title: "New", author: { create: { name: HOSTILE } } };
    await window.getByLabel("The body as JSON").fill(JSON.stringify(body));
    await window.getByRole("tab", { name: "Explain" }).click();
    const order = window.getByRole("region", { name: "Parts" }).getByRole("listitem");
    await order.first().waitFor();
    expect(await order.allTextContents()).toEqual([
      "POST authors author.create acl.authors.control.POST.chief",
      "POST notes  acl.notes.control.POST.chief",
    ]);
    await window
      .getByRole("region", { name: "Part author.create" })
      .getByText("author", { exact: true })
      .first()
      .waitFor();
    await window.context().close();
    await stop();
  });

  test("nothing was complained of, and nothing was asked of anybody else", () => {
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });
});

/** An API of which every text is an attack, on a path of its own. */
function hostile() {
  const author = sqliteTable("author", { id: integer("id").primaryKey(), name: text("name").notNull() });
  const note = sqliteTable("note", {
    id: integer("id").primaryKey(),
    title: text("title").notNull(),
    secret: text("secret"),
    status: text("status", { enum: [HOSTILE, "fine"] }),
    size: integer("size"),
    about: text("about", { mode: "json" }),
    authorId: integer("author_id").references(() => author.id),
  });
  const schema = {
    author,
    note,
    noteRelations: relations(note, ({ one }) => ({
      author: one(author, { fields: [note.authorId], references: [author.id] }),
    })),
  };
  const client = new Database(":memory:");
  client.run("create table author (id integer primary key, name text not null)");
  client.run(
    "create table note (id integer primary key, title text not null, secret text, status text, size integer, about text, author_id integer)",
  );
  client.run("insert into author values (1, ?)", [HOSTILE]);
  for (const id of [1, 2])
    client.run("insert into note values (?, ?, ?, ?, 9007199254740993, ?, 1)", [
      id,
      HOSTILE,
      HOSTILE,
      id === 1 ? HOSTILE : null,
      JSON.stringify({ [HOSTILE]: HOSTILE }),
    ]);
  const columns = ["id", "title", "status", "size", "about", "authorId"];
  const handler = createQueryHandler({
    basePath: "/api",
    database: drizzle(client, { schema }),
    schema,
    access: true,
    explorer: () => true,
    inspect: (_: unknown, request: Request) => request.headers.get("x-role") === "chief",
    session: {
      parser: () => undefined,
      getRole: (request: Request) => request.headers.get("x-role") ?? undefined,
    },
    onWarning: () => undefined,
    acl: {
      authors: {
        table: "author",
        control: { GET: { chief: { select: true } }, POST: { chief: { select: true } } },
      },
      notes: {
        table: "note",
        control: {
          GET: {
            all: {
              select: [
                { columns },
                {
                  columns: ["secret"],
                  when: (_, row, { eq }) => eq(row["id"], 1),
                },
              ],
              with: { author: { select: true } },
            },
          },
          POST: { chief: { select: { columns }, nest: { author: "authors" } } },
        },
      },
    },
  });
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => handler(request) });
  const stop = async () => {
    await server.stop(true);
    client.close();
  };
  return { url: `http://localhost:${server.port}`, stop };
}
