import { existsSync, readFileSync } from "node:fs";
import { parseArgs, type ParseArgsConfig } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** What an option takes, and what it is for. */
export interface Option {
  /** What stands behind it; absent for one that is there or not. */
  readonly value?: string;
  readonly many?: boolean;
  readonly says: string;
}

/** How a command was called. */
export interface Called {
  readonly positionals: readonly string[];
  readonly flag: (name: string) => boolean;
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => readonly string[];
}

/** What a command came to: 0 where all is well, 1 where something was found, 2 where it was called wrongly. */
export interface Outcome {
  readonly code: 0 | 1 | 2;
  readonly text: string;
  /** The same for programs. */
  readonly json: unknown;
}

/** One of the commands. */
export interface Command {
  readonly name: string;
  /** What it does, in a line. */
  readonly says: string;
  /** What stands behind its name. */
  readonly takes: string;
  readonly options: Readonly<Record<string, Option>>;
  /** What else there is to say. */
  readonly more?: string;
  run(called: Called): Promise<Outcome>;
}

/** Thrown for a command that was called wrongly. */
export class Misuse extends Error {}

/** Thrown for what is wrong with what a command was given. */
export class Failure extends Error {}

const ALWAYS: Readonly<Record<string, Option>> = {
  json: { says: "the same for programs, as JSON" },
  help: { says: "this text" },
};

/** @throws Misuse for what a command does not take. */
export function readCall(command: Command, args: readonly string[]): Called {
  const options: Options = Object.fromEntries(
    Object.entries({ ...command.options, ...ALWAYS }).map(([name, { value, many = false }]) => [
      name,
      { type: value === undefined ? "boolean" : "string", multiple: many },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    });
    return {
      positionals,
      flag: (name) => values[name] === true,
      text: (name) => (typeof values[name] === "string" ? values[name] : undefined),
      texts: (name) => (Array.isArray(values[name]) ? values[name].map(String) : []),
    };
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
}

/**
 * The one of several ways that an option names; the first of them where it names none.
 *
 * @throws Misuse for what is none of them.
 */
export function chosen<Way>(
  option: string,
  ways: Readonly<Record<string, Way>>,
  name: string | undefined,
): Way {
  const names = Object.keys(ways);
  const way = name ?? names[0]!;
  if (Object.hasOwn(ways, way)) return ways[way]!;
  throw new Misuse(`--${option} takes ${names.join(", ")}`);
}

/** Reads JSON of a file. */
export function readJSON(file: string): unknown {
  if (!existsSync(file)) throw new Misuse(`there is no ${file}`);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new Failure(`${file} is no JSON`);
  }
}

/** What `--help` says of a command. */
export function helpOf({ name, says, takes, options, more }: Command): string {
  const rows = Object.entries({ ...options, ...ALWAYS }).map(([option, { value, says: sentence }]) => [
    `  --${option}${value === undefined ? "" : ` ${value}`}`,
    sentence,
  ]);
  const width = Math.max(...rows.map(([option]) => option!.length));
  return [
    `query ${name} ${takes}`,
    "",
    says,
    ...(more === undefined ? [] : ["", more]),
    "",
    ...rows.map(([option, sentence]) => `${option!.padEnd(width)}  ${sentence}`),
    "",
    "Exit codes: 0 all is well, 1 something was found or failed, 2 called wrongly.",
    "",
  ].join("\n");
}
