import { LIVE_CHANNEL } from "../../live-channel.ts";
import type { Feed } from "../contract.ts";
import { bunRedis, runsRedis } from "./bun-redis.ts";
import { Line } from "./line.ts";
import { nodeRedis, type NodeRedis } from "./node-redis.ts";
import { type FindWire, loadPackage } from "./wire.ts";

/** What a Redis that several applications share is told beside its URL. */
export interface RedisFeedOptions {
  /** The channel of all processes of one application; `bepalo_live` by default. */
  readonly channel?: string;
}

/** A process may end between its commit and its notice: so often all is asked again, in milliseconds. */
const SWEEP = 30_000;

const EXPECTED = "redisFeed: expected an URL, as redis://127.0.0.1:6379";
const MISSING = "the package `@redis/client` is needed here, and cannot be loaded: install it";
const DEAF = "what is published does not arrive";

/**
 * Hears by a channel of Redis which tables other processes have written, and tells them what this one has, once it is
 * committed. Names of tables are told and nothing else. Whoever writes past the engine is not heard.
 *
 * Bun has its own client; elsewhere it is the package `@redis/client`, which is Redis's own and depends on no other.
 *
 * @param url As `redis://user:password@host:6379`, `rediss:` for TLS.
 * @throws TypeError at start for what is no such URL.
 * @example
 * import { live, redisFeed } from "@bepalo/query/live";
 * createQueryRoute({ acl, database, schema, live: live({ feed: redisFeed(process.env.REDIS_URL!) }) });
 */
export function redisFeed(url: string | URL, { channel = LIVE_CHANNEL }: RedisFeedOptions = {}): Feed {
  const address = String(url);
  if (!/^rediss?:\/\//.test(address)) throw new TypeError(EXPECTED);
  const find = findWire(address, channel);
  return {
    sweep: SWEEP,
    // What one route tells, another of the same process hears.
    open: (hearing) =>
      new Line(hearing, {
        name: "redisFeed",
        origin: crypto.randomUUID(),
        find,
        deaf: DEAF,
        alone: () => true,
      }),
  };
}

function findWire(url: string, channel: string): FindWire {
  if (runsRedis()) return () => bunRedis(url, channel);
  return async () => {
    const { createClient } = await loadPackage<NodeRedis>("@redis/client", MISSING);
    return nodeRedis(createClient, url, channel);
  };
}
