/*
 * A process of the slow lane: it opens its own connection to the file, says how that is set, and answers one question
 * after another. It lives no longer than the application, and outlives no signal that is meant for that alone.
 */
import { setPriority } from "node:os";
import process, { cpuUsage } from "node:process";
import { Worker } from "node:worker_threads";
import { type Ask, connect } from "./connect.ts";
import { FUNCTIONS, lookOf, SETTINGS } from "./look.ts";
import { type Begin, type Fault, LANE, type Said, type Sent } from "./message.ts";

/** The lowest there is: what everybody waits for goes first. */
const PRIORITY = 19;

/** Looks for the application while a statement holds up this process's own thread. */
const WATCH = `setInterval(() => {
  let gone = process.ppid !== ${process.ppid};
  try { process.kill(${process.ppid}, 0); } catch (error) { gone ||= error.code === "ESRCH"; }
  if (gone) process.kill(process.pid, "SIGKILL");
}, 1_000)`;

let asked: Ask | undefined;

async function answer(sent: Sent): Promise<Said> {
  try {
    if ("place" in sent) return await begin(sent);
    const before = cpuUsage();
    const rows = await asked!(sent.text, sent.values, sent.most);
    const { user, system } = cpuUsage(before);
    return { rows, milliseconds: (user + system) / 1_000 };
  } catch (error) {
    return asked === undefined ? { cannot: faultOf(error).message } : { fault: faultOf(error) };
  }
}

async function begin({ place, folder }: Begin): Promise<Said> {
  process.chdir(folder);
  const ask = await connect(place);
  const ready = lookOf(await ask(SETTINGS, []), await ask(FUNCTIONS, []));
  asked = ask;
  return { ready };
}

/** The members of a driver's error that mean something; what else it holds may not be sent. */
function faultOf(error: unknown): Fault {
  const { name, message, code, extendedCode } = error as Fault;
  return {
    name,
    message,
    ...(typeof code === "string" && { code }),
    ...(typeof extendedCode === "string" && { extendedCode }),
  };
}

function serve(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.on("disconnect", () => process.exit());
  process.on("message", (sent: Sent) => {
    void answer(sent).then((said) => {
      process.send!(said);
      if (!("ready" in said)) return;
      new Worker(WATCH, { eval: true }).unref();
      try {
        setPriority(PRIORITY);
      } catch {} // then it is as important as the application
    });
  });
}

if (process.send !== undefined && process.argv[2] === LANE) serve();
