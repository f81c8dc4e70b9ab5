import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { chosen, type Command, Failure } from "./command.ts";

/** The pages of the manual that tell to write an application, by its database. */
const PAGES: Readonly<Record<string, string>> = { sqlite: "docs/start.md", postgres: "docs/start-node.md" };

export const initCommand: Command = {
  name: "init",
  says: "writes the files of a first application, and says how it is started",
  takes: "[folder]",
  options: { db: { value: "<database>", says: "sqlite (on Bun; the default) or postgres (on Node)" } },
  more: "It asks nothing, and writes over no file that is there.",
  async run({ positionals: [folder = "."], text }) {
    const database = text("db") ?? "sqlite";
    const page = chosen("db", PAGES, database);
    const manual = readFileSync(join(packageFolder(), page), "utf8");
    const files = filesIn(manual);
    const known = files.map(([name]) => name).filter((name) => existsSync(join(folder, name)));
    if (known.length > 0)
      throw new Failure(
        `nothing is written: ${known.join(", ")} ${known.length > 1 ? "are" : "is"} there already`,
      );
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of files) writeFileSync(join(folder, name), content);
    const written = files.map(([name]) => relative(".", join(folder, name)));
    const commands = commandsIn(manual);
    const lines = [
      ...written.map((name) => `wrote ${name}`),
      "",
      relative(".", folder) === "" ? "Then:" : `Then, in ${folder}:`,
      "",
      ...commands.map((line) => `  ${line}`),
    ];
    return { code: 0, text: lines.join("\n"), json: { database, written, commands } };
  },
};

/** The folder that the package is installed in, from wherever this file is in it. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "docs/start.md"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Failure("the manual of the package is missing");
    folder = parent;
  }
  return folder;
}

/** A block of code in a page, and the line that it stands under. */
interface Block {
  readonly under: string;
  readonly language: string;
  readonly code: string;
}

function blocksIn(page: string): readonly Block[] {
  const parts = page.split("\n```");
  return parts.flatMap((part, index) => {
    if (index % 2 === 0) return [];
    const end = part.indexOf("\n");
    const under = parts[index - 1]!.trimEnd().split("\n").at(-1)!;
    return [{ under, language: part.slice(0, end), code: `${part.slice(end + 1)}\n` }];
  });
}

/** The files that a page tells to write: each stands under a paragraph that begins with its name. */
const filesIn = (page: string): readonly (readonly [string, string])[] =>
  blocksIn(page).flatMap(({ under, language, code }) => {
    const name = /^\*\*`([\w.-]{1,64})`\*\*/.exec(under)?.[1];
    return name === undefined || language !== "ts" ? [] : [[name, code] as const];
  });

/** The commands of a page, but for what makes its folder and what asks what was started. */
const commandsIn = (page: string): readonly string[] =>
  blocksIn(page)
    .filter(({ language }) => language === "sh")
    .flatMap(({ code }) => code.trim().split("\n"))
    .filter((line) => !line.startsWith("curl "))
    .map((line) => line.replace("mkdir notes && cd notes && ", ""))
    .filter((line) => line !== "bun init -y");
