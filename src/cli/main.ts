#!/usr/bin/env node
import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Command, Failure, helpOf, Misuse, type Outcome, readCall } from "./command.ts";
import { explainCommand } from "./explain.ts";
import { initCommand } from "./init.ts";
import { lintCommand } from "./lint.ts";
import { matrixCommand } from "./matrix.ts";
import { openapiCommand } from "./openapi.ts";
import { testCommand } from "./test.ts";

const COMMANDS: readonly Command[] = [
  initCommand,
  lintCommand,
  matrixCommand,
  explainCommand,
  testCommand,
  openapiCommand,
];

const HELP = [
  "query <command> …",
  "",
  ...COMMANDS.map(({ name, takes, says }) => `  ${`${name} ${takes}`.padEnd(44)}  ${says}`),
  "",
  "A module is a file that exports `acl` and `schema`, and if need be `tables`, `defaults`, `database` and",
  "`session`. It is run as code. `query <command> --help` says more.",
  "",
].join("\n");

/** Runs a command line; answers its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    const asked = name === "--help" || name === "help";
    (asked ? process.stdout : process.stderr).write(
      asked ? HELP : `${name === undefined ? "" : `there is no command \`${name}\`\n\n`}${HELP}`,
    );
    return asked ? 0 : 2;
  }
  const json = rest.includes("--json");
  try {
    const called = readCall(command, rest);
    if (called.flag("help")) {
      process.stdout.write(json ? `${JSON.stringify({ help: helpOf(command) })}\n` : helpOf(command));
      return 0;
    }
    return write(await command.run(called), json);
  } catch (error) {
    if (error instanceof Misuse)
      return write(
        { code: 2, text: `${error.message}\n\n${helpOf(command)}`, json: { error: error.message } },
        json,
      );
    if (error instanceof Failure)
      return write({ code: 1, text: `${error.message}\n`, json: { error: error.message } }, json);
    // Whatever else it is, a module's own error say, programs are told as they are told all others.
    if (json && error instanceof Error)
      return write({ code: 1, text: "", json: { error: error.message } }, json);
    throw error;
  }
}

function write({ code, text, json }: Outcome, asJSON: boolean): number {
  const out = code === 2 && !asJSON ? process.stderr : process.stdout;
  out.write(asJSON ? `${JSON.stringify(json, null, 2)}\n` : text.endsWith("\n") ? text : `${text}\n`);
  return code;
}

/** Whether this is the program that runs, and not a module that is loaded. */
const isProgram = (): boolean => {
  const [, script] = process.argv;
  return script !== undefined && realpathSync(script) === realpathSync(fileURLToPath(import.meta.url));
};

if (isProgram()) {
  process.exitCode = await main(process.argv.slice(2));
  // A module that was loaded may hold connections open.
  process.stdout.write("", () => process.exit());
}
