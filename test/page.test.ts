import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Locator, type Page, type Request } from "playwright-core";
import { open } from "@/db/open";
import { posts as seeded, users } from "@/db/seed";
import { comments, postTags, tags } from "@/db/seed-feed";
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
/** What was asked to be kept true. */
const streams: string[] = [];

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
    if (request.url().endsWith("/query/$live")) streams.push(request.postData() ?? "");
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

const feed = () => page.getByRole("region", { name: "Feed" });
const feedRequests = () => page.getByRole("list", { name: "Last requests for the feed" });
const searchbox = () => feed().getByRole("searchbox", { name: "Search" });
const search = (words: string) => searchbox().fill(words);
/** The bodies of the feed's posts: unlike titles, each is another. */
const entries = () => feed().locator(".feed [data-part=body]").allTextContents();

/** What a fresh sandbox has published, the newest first. */
const published = seeded()
  .flatMap((post) => (post.publishedAt ? [{ ...post, publishedAt: post.publishedAt }] : []))
  .toSorted((a, b) => b.publishedAt.getTime() - a.publishedAt.getTime() || (a.id! < b.id! ? -1 : 1));
/** What is said under it and not flagged. */
const visible = comments(seeded())
  .filter(({ flagged }) => !flagged)
  .toSorted((a, b) => a.createdAt!.getTime() - b.createdAt!.getTime());

const namesOfTags = (id: string): readonly string[] =>
  tags()
    .filter((tag) => postTags().some(({ postId, tagId }) => postId === id && tagId === tag.id))
    .map(({ name }) => name);

/** The months in which anything happened, and those between, with what the page says of each. */
function monthsOf(
  written: readonly { publishedAt: Date }[],
  said: readonly { createdAt?: Date | undefined }[],
) {
  const numberOf = (moment: Date) => moment.getUTCFullYear() * 12 + moment.getUTCMonth();
  const both = [
    written.map(({ publishedAt }) => numberOf(publishedAt)),
    said.map(({ createdAt }) => numberOf(createdAt!)),
  ];
  const [first, last] = [Math.min(...both.flat()), Math.max(...both.flat())];
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const counts = both.map((all) => all.filter((month) => month === first + index).length);
    const day = new Date(Date.UTC(0, first + index, 1));
    day.setUTCFullYear(Math.floor((first + index) / 12));
    const name = day.toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" });
    const [posts, remarks] = counts.map(
      (count, i) => `${count} ${["post", "comment"][i]}${count === 1 ? "" : "s"}`,
    );
    return { counts, text: `${name}: ${posts}, ${remarks}` };
  });
}

/** Waits until an element says a text, and fails with what it says instead. */
async function says(element: Locator, text: string): Promise<void> {
  await element
    .filter({ hasText: text })
    .waitFor()
    .catch(async () => expect(await element.textContent()).toContain(text));
}

const shown = (range: string) => says(posts().locator("output"), range);
const inFeed = (range: string) => says(feed().locator("output"), range);
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

  test("draws how many posts and comments each month had, the numbers over the bars", async () => {
    const chart = feed().getByRole("group", { name: "Posts and comments by month" });
    const months = monthsOf(published, visible);
    expect(months.length).toBeGreaterThan(8);
    await chart.getByRole("img", { name: months.at(-1)!.text }).waitFor();
    expect(await chart.locator("title").allTextContents()).toEqual(months.map(({ text }) => text));
    const most = Math.max(...months.flatMap(({ counts }) => counts));
    const drawn = await chart.getByRole("img").evaluateAll((groups: SVGElement[]) =>
      groups.map((group) => ({
        numbers: [...group.querySelectorAll("rect + text")].map(({ textContent }) => Number(textContent)),
        heights: [...group.querySelectorAll("rect")].map((bar) => bar.getBoundingClientRect().height),
      })),
    );
    for (const [index, { counts }] of months.entries()) {
      expect(drawn[index]!.numbers).toEqual(counts);
      expect(drawn[index]!.heights.map((height) => Math.round(height))).toEqual(
        counts.map((count) => Math.round((count * 100) / most)),
      );
    }
    const kept = decodeURIComponent(streams[0]!);
    expect(kept).toContain("/query/feed?aggregate=(count:T,groupBy:_('publishedAt.month')_");
    expect(kept).toContain("/query/comments?aggregate=(count:T,groupBy:_('createdAt.month')_");
  });

  test("walks the feed by cursor to its end and back, every post once", async () => {
    await inFeed(`1–6 of ${published.length}`);
    expect(await button("Previous", feed()).isDisabled()).toBe(true);
    const pages = Math.ceil(published.length / 6);
    const walked: string[][] = [await entries()];
    for (let from = 6; from < published.length; from += 6) {
      await button("Next", feed()).click();
      await inFeed(`${from + 1}–${Math.min(from + 6, published.length)} of ${published.length}`);
      walked.push(await entries());
    }
    expect(walked.flat()).toEqual(published.map(({ body }) => body));
    expect(walked).toHaveLength(pages);
    expect(await button("Next", feed()).isDisabled()).toBe(true);
    expect(await page.evaluate("document.activeElement.id")).toBe("feed-title");
    await says(feedRequests().getByRole("listitem").first(), "limit:6,after:'");
    for (let back = pages - 2; back >= 0; back--) {
      await button("Previous", feed()).press("Enter");
      await inFeed(`${back * 6 + 1}–${back * 6 + 6} of ${published.length}`);
      expect(await entries()).toEqual(walked[back]!);
    }
    expect(await button("Previous", feed()).isDisabled()).toBe(true);
    await says(feedRequests().getByRole("listitem").first(), "limit:6,before:'");
  });

  test("says who wrote a post of the feed, what it is about, and what was said last", async () => {
    const saidOf = (id: string) => visible.filter(({ postId }) => postId === id);
    const index = published.findIndex(({ id }) => saidOf(id!).length > 1);
    expect(index).toBeLessThan(6);
    const { id, title, userId } = published[index]!;
    const said = saidOf(id!).map(({ body }) => body);
    const shownPost = feed().locator(".feed > li").nth(index);
    expect(await shownPost.getByRole("heading").textContent()).toBe(title);
    await says(shownPost, users().find((user) => user.id === userId)!.name);
    expect(await shownPost.getByRole("listitem").allTextContents()).toEqual([...namesOfTags(id!)]);
    await says(shownPost, `${said.length} comments`);
    expect(new Set(said).size).toBe(said.length);
    expect(await shownPost.locator("q").textContent()).toBe(said.at(-1)!);
  });

  test("finds words of posts, and says when there are none", async () => {
    await search("bridge -praise");
    const fitting = published.filter(({ title }) => /bridge/.test(title) && !/praise/.test(title));
    await inFeed(`1–${fitting.length} of ${fitting.length} found`);
    expect((await entries()).toSorted()).toEqual(fitting.map(({ body }) => body).toSorted());
    await says(feedRequests(), "search:'bridge -praise',orderBy:(search:'desc',");
    expect(await button("Next", feed()).isDisabled()).toBe(true);
    await portrait("found");

    await search("zebra");
    await inFeed("none found");
    await feed().getByText("No post fits.").waitFor();
    expect(await entries()).toEqual([]);
    await portrait("nothing");
    await button("Show everything").click();
    await inFeed(`1–6 of ${published.length}`);
    expect(await searchbox().inputValue()).toBe("");
    expect(await page.evaluate("document.activeElement.name")).toBe("words");
  });

  test("walks what was found, the best first", async () => {
    await search("notes or history");
    const found = published.filter(({ title }) => /notes|history/i.test(title)).length;
    await inFeed(`1–6 of ${found} found`);
    const first = await entries();
    await button("Next", feed()).click();
    await inFeed(`7–12 of ${found} found`);
    expect((await entries()).filter((body) => first.includes(body))).toEqual([]);
    await search("");
    await inFeed(`1–6 of ${published.length}`);
  });

  test("sends whatever is looked for as it was typed", async () => {
    const typed = "5%25&'+\"#=)";
    await search(typed);
    await inFeed("none found");
    const select = await feedRequests()
      .getByRole("link")
      .first()
      .evaluate((link: HTMLAnchorElement) => new URL(link.href).searchParams.get("select"));
    expect(select).toContain(`search:\`${typed}\``);
    await search("");
    await inFeed(`1–6 of ${published.length}`);
  });

  test("filters the feed by tag, and by whether anybody said something", async () => {
    const tagged = published.filter(({ id }) => namesOfTags(id!).includes("night"));
    const discussed = tagged.filter(({ id }) => visible.some(({ postId }) => postId === id));
    expect(tagged.length).toBeGreaterThan(discussed.length);
    const tag = feed().getByLabel("Tag");
    expect(await tag.locator("option").allTextContents()).toEqual(["all", ...tags().map(({ name }) => name)]);
    await tag.selectOption("night");
    await inFeed(`1–${tagged.length} of ${tagged.length} found`);
    expect(await entries()).toEqual(tagged.map(({ body }) => body));
    await says(feedRequests(), "where:(tags.some:(name:'night'))");
    await feed().getByLabel("with comments").press("Space");
    await inFeed(`1–${discussed.length} of ${discussed.length} found`);
    expect(await entries()).toEqual(discussed.map(({ body }) => body));
    await says(feedRequests(), "where:(tags.some:(name:'night'),comments:T)");
    await tag.selectOption("music");
    await inFeed("none found");
    await button("Show everything").click();
    await inFeed(`1–6 of ${published.length}`);
    expect(await tag.inputValue()).toBe("");
  });

  test("ends a question when a newer one is asked", async () => {
    const ended: string[] = [];
    const note = (request: Request) => void ended.push(`${request.url()} ${request.failure()?.errorText}`);
    page.on("requestfailed", note);
    const held = Promise.withResolvers<void>();
    await page.route(/zebra/, (route) => held.promise.then(() => route.continue()).catch(() => {}));
    await search("zebra");
    await page.waitForFunction("document.querySelector('.feed').ariaBusy === 'true'");
    await search("tea");
    await inFeed("found");
    held.resolve();
    expect(ended).toHaveLength(1);
    expect(ended[0]).toMatch(/zebra.* net::ERR_ABORTED$/);
    expect(await feed().locator(".feed").getAttribute("aria-busy")).toBe("false");
    expect(await page.getByRole("alert").getByText("aborted").isVisible()).toBe(false);
    page.off("requestfailed", note);
    await page.unroute(/zebra/);
    await search("");
    await inFeed(`1–6 of ${published.length}`);
  });

  test("shows nothing under a question that failed, and all of it once it is answered", async () => {
    await page.route(/cinnamon/, (route) =>
      route.fulfill({
        status: 503,
        json: { error: "too busy", code: "busy", hint: "ask again in a second" },
      }),
    );
    await search("cinnamon");
    await says(page.getByRole("alert"), "too busy");
    await says(page.getByRole("alert"), "ask again in a second");
    expect(await entries()).toEqual([]);
    expect(await feed().locator("output").textContent()).toBe("");
    await feed().getByText("There was no answer.").waitFor();
    await portrait("failed");
    await page.unroute(/cinnamon/);
    await button("Dismiss").click();
    await button("Show everything").click();
    await inFeed(`1–6 of ${published.length}`);
    // The browser says of its own that a server was busy.
    expect(complaints.splice(0)).toEqual([expect.stringContaining("503")]);
  });

  test("keeps its place while the feed is asked for, on a phone as well", async () => {
    const held = Promise.withResolvers<void>();
    await page.route(/query\/(feed|comments)/, (route) => held.promise.then(() => route.continue()));
    await page.reload();
    for (const name of ["Orchard", "Sign in"]) await page.getByRole("heading", { name }).waitFor();
    const places = async () => {
      const found: number[] = [];
      for (const width of [390, 1200]) {
        await page.setViewportSize({ width, height: 1000 });
        for (const name of ["Pages of the feed", "Last requests for the feed"])
          found.push(await page.getByLabel(name).evaluate((element) => element.getBoundingClientRect().top));
      }
      return found;
    };
    const before = await places();
    held.resolve();
    await inFeed(`1–6 of ${published.length}`);
    const moved = (await places()).map((top, index) => Math.abs(top - before[index]!));
    // What is above the list stays where it is; what is below moves by less than a post is high.
    expect([moved[0], moved[2]]).toEqual([0, 0]);
    expect(Math.max(...moved)).toBeLessThan(176);
    await page.unroute(/query\/(feed|comments)/);
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
    await shown("1–6 of 6 found, of 30");
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
    expect(await button("Previous", posts()).isDisabled()).toBe(true);
    await button("Next", posts()).click();
    await shown("11–20 of 30");
    await button("Next", posts()).click();
    await shown("21–30 of 30");
    expect(await button("Next", posts()).isDisabled()).toBe(true);
    expect(await page.evaluate("document.activeElement.id")).toBe("posts-title");
    await says(lastRequest(), "limit:10,offset:20");
    await button("Previous", posts()).click();
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

  test("tells who edits a post that was changed in another window, and shows both", async () => {
    const window = await browser.newContext();
    await window.addCookies(await page.context().cookies());
    const other = await window.newPage();
    try {
      await other.goto(page.url());
      const theirs = other.getByRole("table", { name: "Your posts" });
      await button("Edit Notes on browsers", other).click();
      await theirs.locator(".editor").getByLabel("Title").fill("Notes on windows");

      await button("Edit Notes on browsers").click();
      const editor = table().locator(".editor");
      await editor.getByLabel("Title").fill("Notes on two browsers");
      await button("Save", other).click();
      await theirs.getByRole("rowheader", { name: "Notes on windows" }).waitFor();

      await button("Save").click();
      const note = editor.getByRole("note", { name: "Changed meanwhile" });
      await says(note, "Notes on windows");
      await says(lastRequest(), "200");
      expect(await editor.getByLabel("Title").inputValue()).toBe("Notes on two browsers");
      await portrait("outdated");
      // Who saves once more has seen the other.
      await editor.getByLabel("Title").fill("Notes on browsers");
      await button("Save").click();
      await news("Saved “Notes on browsers”.");
    } finally {
      await window.close();
    }
  });

  test("makes one post of what is sent again after its answer was lost", async () => {
    const keys: (string | undefined)[] = [];
    let lost = 0;
    // The server has done it, and nobody hears of it.
    await page.route("**/query/posts?*", async (route) => {
      const sent = route.request();
      if (sent.method() !== "POST") return route.continue();
      keys.push(sent.headers()["idempotency-key"]);
      if (lost++ > 0) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await posts().getByLabel("Title", { exact: true }).fill("Sent twice");
    await posts().getByLabel("Body").fill("Written once.");
    await button("Add post").click();
    await says(page.getByRole("alert"), "the server could not be reached");
    await button("Add post").click();
    await news("Added “Sent twice”.");
    await page.unroute("**/query/posts?*");
    await shown("1–10 of 32");
    expect(await titles().filter({ hasText: "Sent twice" }).count()).toBe(1);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0]);
    await button("Delete Sent twice").click();
    await button("Delete it").click();
    await shown("1–10 of 31");
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
    await shown("1–6 of 6 found, of 30");
    expect(await button("Next", posts()).isDisabled()).toBe(true);
    await filter.fill("br");
    await shown("1–10 of 10 found, of 30");
    expect(await button("Next", posts()).isDisabled()).toBe(true);

    await filter.fill("of");
    await button("Next", posts()).click();
    await shown("11–12 of 12 found, of 30");
    for (const range of ["11–11 of 11 found, of 29", "1–10 of 10 found, of 28"]) {
      await rows()
        .first()
        .getByRole("button", { name: /^Delete / })
        .click();
      await button("Delete it").click();
      await shown(range);
    }
    // They were in the feed, too.
    await inFeed(`1–6 of ${published.length - 2}`);
  });

  test("shows a post of the feed as it was changed", async () => {
    await search('"praise of bridges"');
    await inFeed("1–1 of 1 found");
    await page.getByRole("searchbox", { name: "Title contains" }).fill("praise of bridges");
    await shown("1–1 of 1 found");
    await button("Edit In praise of bridges").click();
    await table().locator(".editor").getByLabel("Title").fill("In praise of bridges, again");
    await button("Save").click();
    await says(feed().getByRole("heading", { level: 3 }).first(), "In praise of bridges, again");
    await search("");
    await inFeed(`1–6 of ${published.length - 2}`);
  });

  test("goes back to the feed's first page where a cursor leads nowhere, with the server's hint", async () => {
    await button("Next", feed()).click();
    await inFeed(`7–12 of ${published.length - 2}`);
    // Whoever asks next is somebody else.
    const cookies = await page.context().cookies();
    await page.context().clearCookies();
    await button("Next", feed()).click();
    const problem = page.getByRole("alert");
    await says(problem, "invalid-cursor (400)");
    await says(problem, "begin with the first page");
    await inFeed(`1–6 of ${published.length - 2}`);
    await portrait("lost");
    await button("Dismiss").click();
    await page.context().addCookies(cookies);
    await page.reload();
    await inFeed(`1–6 of ${published.length - 2}`);
  });

  test("signs out, and another person sees other posts", async () => {
    await button("Next", feed()).click();
    await inFeed(`7–12 of ${published.length - 2}`);
    await button("Sign out").click();
    await news("Signed out.");
    expect(await posts().count()).toBe(0);
    expect(await page.evaluate("document.activeElement.name")).toBe("email");
    // Another's cursors lead nowhere: the feed has begun anew.
    await inFeed(`1–6 of ${published.length - 2}`);
    await button("Next", feed()).click();
    await inFeed(`7–12 of ${published.length - 2}`);
    await button("Mr. Admin").click();
    await says(page.getByRole("banner"), "Mr. Admin");
    await shown("1–6 of 6");
    await inFeed(`1–6 of ${published.length - 2}`);
    expect(
      await posts().getByRole("list", { name: "Last requests for posts" }).getByRole("listitem").count(),
    ).toBe(1);
    await posts().getByText("New post").click();
    expect(await posts().getByLabel("Title", { exact: true }).inputValue()).toBe("");
  });

  test("complains in the console of nothing but the refusals, and asks nobody but its own server", () => {
    expect(complaints).toEqual([
      "Failed to load resource: the server responded with a status of 401 (Unauthorized)",
      "Failed to load resource: the server responded with a status of 400 (Bad Request)",
      "Failed to load resource: the server responded with a status of 412 (Precondition Failed)",
      "Failed to load resource: net::ERR_FAILED", // the answer that was lost
      "Failed to load resource: the server responded with a status of 400 (Bad Request)",
    ]);
    expect(strangers).toEqual([]);
  });
});
