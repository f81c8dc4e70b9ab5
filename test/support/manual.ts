import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const root = join(import.meta.dir, "../..");

/** The text of a page, by its path from the root. */
export const readPage = (page: string): string => readFileSync(join(root, page), "utf8");

/** The table of contents. */
export const CONTENTS = "docs/README.md";

/** The addresses a page links to, those in its code apart. */
export function linksOf(page: string): readonly string[] {
  return [...withoutCode(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
}

/** The names headings can be linked to by. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const titles = [...withoutCode(readPage(page)).matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

const withoutCode = (text: string): string => text.replace(/^```.*?^```/gms, "");

/** A link without its anchor, as a path from the root. */
export const targetOf = (page: string, link: string): string =>
  normalize(join(dirname(page), link.split("#")[0]!));

/** The chapters, in the order their table of contents lists them. */
export const CHAPTERS: readonly string[] = [
  ...new Set(
    linksOf(CONTENTS)
      .map((link) => targetOf(CONTENTS, link))
      .filter((path) => path.startsWith("docs/") && path.endsWith(".md")),
  ),
];

/** Everything that is read from first to last: the README, then the chapters. */
export const PAGES: readonly string[] = ["README.md", ...CHAPTERS];

/** A request and the answer that stands under it. */
export interface Example {
  readonly line: number;
  /** Who sends it, as it stands beside the block. */
  readonly user: string | undefined;
  readonly request: string;
  readonly status: number;
  readonly answer: string;
}

/** The pairs of an `http` block and the `json` block under it. */
export function examplesOf(markdown: string): readonly Example[] {
  const pairs = markdown.matchAll(
    /^```http(?: as (\w+))?\n([\s\S]*?)^```\n+```json(?: (\d{3}))?\n([\s\S]*?)^```/gm,
  );
  return [...pairs].map(({ index, 1: user, 2: request, 3: status, 4: answer }) => ({
    line: markdown.slice(0, index).split("\n").length,
    user,
    request: request!,
    status: Number(status ?? 200),
    answer: answer!,
  }));
}

/** The blocks of code in a language. */
export const blocksOf = (page: string, language: string): readonly string[] =>
  [...readPage(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, block]) => block!,
  );
