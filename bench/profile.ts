// Where the time of a request goes: samples the processor while something runs and adds up what was seen by room of
// `src/` and by function. Native functions count for whoever called them.
import { Session } from "node:inspector/promises";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Microseconds per request, the dearest first. */
export interface Profile {
  readonly rooms: readonly Share[];
  /** Functions with what they took themselves, native functions below them included. */
  readonly functions: readonly Share[];
}

export interface Share {
  readonly name: string;
  readonly micros: number;
}

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Samples {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const ROOT = resolve(import.meta.dir, "..");

/** Profiles `work`, which answers how many requests it made. */
export async function profile(work: () => Promise<number>): Promise<Profile> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 100 });
  await session.post("Profiler.start");
  const started = performance.now();
  const requests = await work();
  const micros = ((performance.now() - started) * 1000) / requests;
  const { profile } = (await session.post("Profiler.stop")) as unknown as { profile: Samples };
  session.disconnect();
  const owners = ownersOf(profile.nodes);
  return {
    rooms: shares(profile, micros, (id) => roomOf(owners.get(id)!)),
    functions: shares(profile, micros, (id) => nameOf(owners.get(id)!)),
  };
}

/** Each node's nearest caller that has a file: itself, unless it is native. */
function ownersOf(nodes: readonly Node[]): ReadonlyMap<number, Node> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const owners = new Map<number, Node>();
  const visit = (node: Node, owner: Node): void => {
    const own = node.callFrame.url === "" ? owner : node;
    owners.set(node.id, own);
    for (const child of node.children ?? []) visit(byId.get(child)!, own);
  };
  visit(nodes[0]!, nodes[0]!);
  return owners;
}

/** Samples by name, scaled to the time one request took. */
function shares(
  { samples, timeDeltas }: Samples,
  micros: number,
  name: (id: number) => string,
): readonly Share[] {
  const sums = new Map<string, number>();
  let all = 0;
  samples.forEach((id, index) => {
    const delta = timeDeltas[index] ?? 0;
    all += delta;
    sums.set(name(id), (sums.get(name(id)) ?? 0) + delta);
  });
  return [...sums]
    .map(([name, sum]) => ({ name, micros: (sum / all) * micros }))
    .toSorted((a, b) => b.micros - a.micros);
}

function fileOf({ callFrame: { url } }: Node): string {
  if (!url.startsWith("file:") && !url.startsWith("/")) return url === "" ? "(runtime)" : url;
  const path = relative(ROOT, url.startsWith("file:") ? fileURLToPath(url) : url);
  return /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path;
}

function roomOf(node: Node): string {
  const file = fileOf(node);
  return /^src\/[^/]+(?=\/)/.exec(file)?.[0] ?? file;
}

function nameOf(node: Node): string {
  const file = fileOf(node);
  return `${node.callFrame.functionName || "(anonymous)"} ${file}`;
}
