import { Cache } from "../cache.ts";

/** Keys of addresses that were met lately, in each of two generations. */
const keys = new Cache<string>(1_000);

/** No address is longer, zone and all. */
const LONGEST = 64;

/**
 * The key of the address a request comes from, as the server tells it beside the request: `a:192.0.2.7`, or `a:` and the
 * network of an IPv6 address, for one household has 2^64 of these. Empty where nobody tells. No header is believed.
 */
export function addressKey(from: unknown, request: Request): string {
  if (from === undefined) return "";
  const told = addressOf(from, request);
  if (typeof told !== "string" || told.length > LONGEST) return "";
  let key = keys.get(told);
  if (key === undefined) {
    const network = networkOf(told);
    keys.set(told, (key = network === undefined ? "" : `a:${network}`));
  }
  return key;
}

/** What servers pass beside a request, as far as it tells an address; anything else is none of ours. */
interface From {
  /** The `Server` of Bun. */
  readonly requestIP?: unknown;
  /** The request of `node:http`, as @hono/node-server passes it on. */
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: unknown } | null } | null;
  readonly address?: unknown;
}

/**
 * What a framework knows already of who asks, where it hands it on: `{ context: { user } }`. What servers pass by
 * themselves has no such member, and nothing else of it is ever taken.
 */
export function knownContext(from: unknown): object | undefined {
  if (typeof from !== "object" || from === null) return undefined;
  try {
    const { context } = from as { readonly context?: unknown };
    return typeof context === "object" && context !== null && !Array.isArray(context) ? context : undefined;
  } catch {
    return undefined;
  }
}

/** Has Bun's server keep a connection that is silent; others do so by themselves. */
export function keepOpen(from: unknown, request: Request): void {
  try {
    (from as { readonly timeout?: (request: Request, seconds: number) => void } | undefined)?.timeout?.(
      request,
      0,
    );
  } catch {
    // a sign of life is sent before any server tires
  }
}

interface BunServer {
  requestIP(request: Request): { readonly address?: unknown } | null | undefined;
}

/** A server may not know a request that was made anew on the way, and what others pass may be anything. */
function addressOf(from: unknown, request: Request): unknown {
  if (typeof from !== "object" || from === null) return undefined;
  try {
    const { requestIP, incoming, address } = from as From;
    if (typeof requestIP === "function") return (from as BunServer).requestIP(request)?.address;
    return incoming?.socket?.remoteAddress ?? address;
  } catch {
    return undefined;
  }
}

/** An IPv4 address, also one that is written as IPv6, or the first 64 bits of an IPv6 address; nothing for anything else. */
export function networkOf(address: string): string | undefined {
  const plain = address.split("%", 1)[0]!; // a zone
  const four = bytesOf(plain);
  if (four !== undefined) return four.join(".");
  const groups = groupsOf(plain);
  if (groups === undefined) return undefined;
  const [high, low] = [groups[6]!, groups[7]!];
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

function bytesOf(text: string): readonly number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** The eight groups of an IPv6 address; `::` stands for as many zeros as are missing, one at least. */
function groupsOf(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => listOf(half, index === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  return [...head, ...zeros, ...tail];
}

/** Groups as they stand between colons; the last of all may be an IPv4 address, which is two. */
function listOf(text: string, last: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const four = last ? bytesOf(parts.at(-1)!) : undefined;
  const plain = four === undefined ? parts : parts.slice(0, -1);
  if (!plain.every((part) => /^[\da-f]{1,4}$/i.test(part))) return undefined;
  const groups = plain.map((part) => Number.parseInt(part, 16));
  if (four === undefined) return groups;
  const [a, b, c, d] = four as [number, number, number, number];
  return [...groups, a * 256 + b, c * 256 + d];
}
