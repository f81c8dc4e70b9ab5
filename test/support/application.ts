import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { blocksOf, readPage } from "./manual.ts";
import { installed } from "./node.ts";

const root = join(import.meta.dir, "../..");
const bin = join(root, "node_modules/.bin");

/** The files a page tells its reader to write: each stands under a paragraph that begins with its name. */
export function filesOf(page: string): readonly (readonly [name: string, text: string])[] {
  const blocks = readPage(page).matchAll(/^\*\*`([\w.-]+)`\*\*[^\n]*\n+```ts\n(.*?)^```/gms);
  return [...blocks].map(([, name, text]) => [name!, text!]);
}

/** A folder with the files pages tell to write, the later ones over the earlier ones. */
export interface Folder {
  readonly path: string;
  /** Runs lines of a shell, and answers what they wrote. Throws where they fail. */
  readonly run: (lines: string) => Promise<string>;
  /** Runs a line that starts a server on any free port, and answers where it listens. */
  readonly serve: (line: string) => Promise<string>;
  /** Ends what was started, and removes the folder. */
  readonly remove: () => Promise<void>;
}

/** The compiler's settings for programs over the sources. */
const compilerOptions = {
  module: "Preserve",
  target: "ES2023",
  lib: ["ES2023", "ES2024.String", "DOM", "DOM.Iterable"],
  types: ["bun-types"],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
  paths: {
    "@bepalo/query": [join(root, "src/index.ts")],
    "@bepalo/query/otel": [join(root, "src/otel.ts")],
    "@bepalo/query/openapi": [join(root, "src/openapi.ts")],
    "@bepalo/query/client": [join(root, "client/index.ts")],
  },
};

/** A folder whose programs run on Bun over the sources. */
export function sourcesFolder(pages: readonly string[], env: Environment = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), "manual-"));
  symlinkSync(join(root, "node_modules"), join(path, "node_modules"));
  writeFileSync(join(path, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts"] }));
  return folder(path, pages, env);
}

/** A folder whose programs run on Node over the package as it is installed. */
export async function packageFolder(pages: readonly string[], env: Environment = {}): Promise<Folder> {
  const path = mkdtempSync(join(await installed(), "manual-"));
  mkdirSync(join(path, "node_modules"));
  symlinkSync(bin, join(path, "node_modules/.bin"));
  writeFileSync(join(path, "package.json"), '{ "type": "module" }');
  return folder(path, pages, env);
}

/** Writes the files of pages into a folder, the later ones over the earlier ones. */
export function writeFiles(path: string, pages: readonly string[]): void {
  mkdirSync(path, { recursive: true });
  for (const page of pages) for (const [name, text] of filesOf(page)) writeFileSync(join(path, name), text);
}

type Environment = Readonly<Record<string, string>>;

function folder(path: string, pages: readonly string[], variables: Environment): Folder {
  writeFiles(path, pages);
  const started: Bun.Subprocess[] = [];
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"]}`, PORT: "0", ...variables };
  const start = (lines: string) =>
    Bun.spawn(["sh", "-ec", lines], { cwd: path, env, stdout: "pipe", stderr: "pipe" });
  return {
    path,
    run: async (lines) => {
      const child = start(lines);
      const [out, complaints] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      if ((await child.exited) !== 0) throw new Error(`${lines}\n${out}${complaints}`);
      return out + complaints;
    },
    serve: async (line) => {
      const child = start(`exec ${line}`);
      started.push(child);
      const { value } = await child.stdout.getReader().read();
      const port = /:(\d+)/.exec(new TextDecoder().decode(value))?.[1];
      if (port === undefined) throw new Error(`${line}\n${await new Response(child.stderr).text()}`);
      return `http://127.0.0.1:${port}`;
    },
    remove: async () => {
      for (const child of started) {
        child.kill("SIGKILL");
        await child.exited;
      }
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** The commands of a page that hold a text. */
export function commandsOf(page: string, text: string): string {
  const found = blocksOf(page, "sh").find((block) => block.includes(text));
  if (found === undefined) throw new Error(`${page} has no command with ${text}`);
  return found.trim();
}

/** Whether a page has commands that hold a text. */
export const hasCommands = (page: string, text: string): boolean =>
  blocksOf(page, "sh").some((block) => block.includes(text));
