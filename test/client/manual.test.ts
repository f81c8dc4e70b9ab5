import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "@/db/open";
import { startSandbox } from "@/index";
import { ONE_CHECKER } from "../support/compiler.ts";
import { blocksOf } from "../support/manual.ts";

// What docs/client.md and docs/live-client.md ask without anything around it is asked of the sandbox, by its own type.

const root = join(import.meta.dir, "../..");
const examples = ["docs/client.md", "docs/live-client.md"]
  .flatMap((page) => blocksOf(page, "ts"))
  .filter((block) => block.includes("api.") && !block.includes("import ") && !block.includes("mine: true"));

let folder: string;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "client-"));
  sandbox = await startSandbox({ database: await open(`file:${join(folder, "client.db")}`), port: 0 });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(
    join(folder, "api.ts"),
    `import { createQueryClient } from "@bepalo/query/client";
import { live } from "@bepalo/query/client/live";
import type { Api } from "@/page/api";
export const api = createQueryClient<Api>(${JSON.stringify(sandbox.url)}, { live });\n`,
  );
  for (const [index, block] of examples.entries())
    writeFileSync(join(folder, `example${index}.ts`), `import { api } from "./api.ts";\n${block}`);
  const { compilerOptions } = (await import("../../tsconfig.json")).default;
  const paths = Object.entries(compilerOptions.paths).map(([name, files]) => [
    name,
    files.map((file) => join(root, file)),
  ]);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      compilerOptions: { paths: Object.fromEntries(paths) },
      include: ["*.ts"],
    }),
  );
}, 60_000);
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("there are examples of every read", () => {
  for (const call of ["get", "pages", "aggregate", "live", "live.first", "live.aggregate"])
    expect(examples.some((block) => block.includes(`api.${call}(`))).toBe(true);
});

test("they compile", async () => {
  const tsc = [join(root, "node_modules/.bin/tsc"), "-p", folder, ...ONE_CHECKER];
  const compiler = Bun.spawn(tsc, { stdout: "pipe" });
  expect(await new Response(compiler.stdout).text()).toBe("");
}, 120_000);

test.each(examples.map((block, index) => [block.split("\n")[0]!, index]))("%s", async (_, index) => {
  await import(join(folder, `example${index}.ts`));
});
