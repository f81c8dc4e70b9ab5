import process from "node:process";
import { identityOf } from "./identity.ts";
import { LANE, type Place } from "./message.ts";

/** The part of a child process that is used here. */
export interface Child {
  readonly channel?: { unref?(): void } | null | undefined;
  send(message: unknown): boolean;
  kill(signal: "SIGKILL"): boolean;
  unref(): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "exit", listener: (code: number | null, signal: string | null) => void): unknown;
}

/** What this runtime has for processes. */
export interface Host {
  /** How many processes there may be beside this one, so that a core is left to it. */
  readonly spare: number;
  start(place: Place): Child;
  identityOf(file: string): string;
}

/** The folder that the application works in, which a process is told: modules of the application may count on it. */
export const folder = (): string => process.cwd();

/** `undefined` where there are no processes, or the program of the lane is not beside this file, as in a bundle. */
export async function findHost(): Promise<Host | undefined> {
  try {
    const [children, files, system, paths, addresses] = await Promise.all([
      import("node:child_process"),
      import("node:fs"),
      import("node:os"),
      import("node:path"),
      import("node:url"),
    ]);
    // Not written as one address, which bundlers would follow.
    const name = `lane-process${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`;
    const program = addresses.fileURLToPath(new URL(name, import.meta.url));
    if (!files.existsSync(program)) return undefined;
    const cores = system.availableParallelism?.() ?? system.cpus().length;
    return {
      spare: Math.max(1, cores - 1),
      identityOf: (file) => identityOf(files.statSync, file),
      start: ({ open }) =>
        children.fork(program, [LANE, paths.dirname(process.argv[1] ?? program)], {
          cwd: paths.dirname(program), // where no settings of the application's change how it is run
          execArgv: open === undefined ? [] : loadersOf(process.execArgv),
          serialization: "advanced",
          stdio: ["ignore", 2, 2, "ipc"],
        }),
    };
  } catch {
    return undefined;
  }
}

/** Options of the runtime that say how modules are found and read, each with a value behind it or in it. */
const LOADERS =
  /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--preload|--tsconfig-override)(=|$)/;
const SWITCHES = /^--(experimental-(strip|transform)-types|preserve-symlinks(-main)?|enable-source-maps)$/;

/** Those without which a module of the application may not load; others (`--inspect`, `--watch`) are for it alone. */
export function loadersOf(given: readonly string[]): string[] {
  return given.filter((option, index) => {
    const before = given[index - 1];
    if (before !== undefined && !before.includes("=") && LOADERS.test(before)) return true;
    return LOADERS.test(option) || SWITCHES.test(option);
  });
}
