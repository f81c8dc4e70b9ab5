import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFile, spawn } from "./process.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const KIB = 1024;
const BATCH = 5;
/** The server's log of every error is not of interest here. */
const QUIETLY = 'exec "$@" 2>/dev/null';
const TEXT = "x".repeat(1_500);

/** A server whose file cannot grow beyond some bytes, until it is given space. */
interface Cramped {
  readonly url: string;
  readonly file: string;
  readonly giveSpace: () => void;
}

type Journal = "wal" | "delete";

/** A small file system in memory, filled by another file; only who administers the machine can make one. */
async function onSmallDisk(driver: string, journal: Journal): Promise<Cramped> {
  const disk = mountSmallDisk()!;
  cleanups.push(() => unmount(disk));
  const { file, remove } = await makeFile(journal, disk);
  cleanups.push(remove);
  const served = await spawn(file, driver, 300, ["sh", "-c", QUIETLY, "sh"]);
  cleanups.push(served.kill);
  await send(`${served.url}tags`, { id: 1, label: "first" }); // the log beside the file exists
  const { bavail, bsize } = statfsSync(disk);
  const ballast = join(disk, "ballast");
  writeFileSync(ballast, new Uint8Array(bavail * bsize - 96 * KIB));
  return { url: served.url, file, giveSpace: () => rmSync(ballast) };
}

/** A process that may not make a file longer than some bytes. */
async function underQuota(driver: string, journal: Journal): Promise<Cramped> {
  const { file, remove } = await makeFile(journal);
  cleanups.push(remove);
  // The unit is 512 bytes; without the signal a write that goes too far is an error instead of the end.
  const shell = ["sh", "-c", 'trap "" XFSZ; ulimit -S -f 400; ' + QUIETLY, "sh"];
  const served = await spawn(file, driver, 300, shell);
  cleanups.push(served.kill);
  await send(`${served.url}tags`, { id: 1, label: "first" });
  const giveSpace = (): void => {
    const { exitCode } = Bun.spawnSync(["prlimit", "--pid", String(served.pid), "--fsize=unlimited"]);
    if (exitCode !== 0) throw new Error("the quota stayed");
  };
  return { url: served.url, file, giveSpace };
}

function mountSmallDisk(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  const disk = mkdtempSync(join(tmpdir(), "query-disk-"));
  if (Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]).exitCode === 0) return disk;
  rmSync(disk, { recursive: true });
  return undefined;
}

function unmount(disk: string): void {
  Bun.spawnSync(["umount", "-l", disk]);
  rmSync(disk, { recursive: true, force: true });
}

function canMount(): boolean {
  const disk = mountSmallDisk();
  if (disk !== undefined) unmount(disk);
  return disk !== undefined;
}

const canLimit = process.platform === "linux" && Bun.which("prlimit") !== null && Bun.which("sh") !== null;

interface Told {
  readonly status: number;
  readonly text: string;
}

async function send(url: string, body?: unknown): Promise<Told> {
  const response = await fetch(url, {
    ...(body !== undefined && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, text: await response.text() };
}

describe.each([
  ["a disk that is full", onSmallDisk, canMount()],
  ["a quota that is used up", underQuota, canLimit],
] as const)("%s", (_, cramp, possible) => {
  test.skipIf(!possible).each([
    ["libsql", "wal"],
    ["libsql", "delete"],
    ["bun:sqlite", "wal"],
    ["bun:sqlite", "delete"],
  ] as const)(
    "%s, journal %s: writes are 5xx while it lasts, reads go on, and afterwards all is right",
    async (driver, journal) => {
      const { url, file, giveSpace } = await cramp(driver, journal);
      const answered = new Set([1]);
      const refused = new Map<number, Told>();
      let next = BATCH;

      /** Writes one row, or five as one array; `slow` has a hook. */
      const write = async (many: boolean, resource: string): Promise<number> => {
        const first = next;
        next += BATCH;
        const rows = Array.from({ length: many ? BATCH : 1 }, (_, i) => ({
          id: first + i,
          label: `${first + i} ${TEXT}`,
        }));
        const told = await send(url + resource, many ? rows : rows[0]);
        if (told.status === 200) for (const { id } of rows) answered.add(id);
        else refused.set(first, told);
        return told.status;
      };

      for (let i = 0; i < 200 && refused.size === 0; i++)
        await write(i % 2 === 0, i % 3 === 0 ? "slow" : "tags");
      expect(refused.size).toBe(1);

      // It stays full: arrays fail at once; a single row may still find a page.
      const during = await Promise.all(
        Array.from({ length: 12 }, (_, i) => write(i % 4 !== 3, i % 2 === 0 ? "slow" : "tags")),
      );
      expect(during.filter((status) => status >= 500).length).toBeGreaterThanOrEqual(6);
      for (const { status, text } of refused.values()) {
        expect([500, 503]).toContain(status);
        expect(["internal-error", "busy"]).toContain((JSON.parse(text) as { code: string }).code);
        expect(text).not.toMatch(/sqlite|disk|insert|full|tags/i);
      }
      const read = await send(`${url}tags?countTotal&select=(columns:(id:T),orderBy:(id:asc),limit:100)`);
      expect(read.status).toBe(200);
      const { total, tags } = JSON.parse(read.text) as { total: number; tags: { id: number }[] };
      expect(total).toBe(answered.size);
      expect(tags.map(({ id }) => id)).toEqual([...answered].toSorted((a, b) => a - b).slice(0, 100));

      giveSpace();
      const after: number[] = [];
      for (let i = 0; i < 8; i++) after.push(await write(i % 2 === 0, i % 3 === 0 ? "slow" : "tags"));
      after.push(
        ...(await Promise.all(
          Array.from({ length: 8 }, (_, i) => write(i % 2 === 0, i % 3 === 0 ? "slow" : "tags")),
        )),
      );
      expect(after.filter((status) => status !== 200)).toEqual([]);

      const other = new Database(file);
      const ids = other.query<{ id: number }, []>("select id from tags order by id").all();
      const sound = other.query("pragma integrity_check").all();
      other.close();
      expect(ids.map(({ id }) => id)).toEqual([...answered].toSorted((a, b) => a - b));
      expect(sound).toEqual([{ integrity_check: "ok" }]);
    },
    60_000,
  );
});
