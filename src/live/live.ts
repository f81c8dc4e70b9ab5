import { LiveAnswers, type OpenLive } from "./answers.ts";
import { type LiveOptions, readSettings } from "./options.ts";

export type {
  EndOfStream,
  Feed,
  Hearing,
  Listening,
  Notice,
  Operation,
  StreamEvent,
  StreamQuestion,
  Touched,
} from "./contract.ts";
export type { LiveOptions } from "./options.ts";
export { postgresFeed, type PostgresFeedOptions } from "./feed/postgres.ts";
export { redisFeed, type RedisFeedOptions } from "./feed/redis.ts";

/**
 * Lets a route keep answers true: whoever asks a GET for `text/event-stream`, under a rule with `live: true`, is told the
 * answer, and then what becomes of it.
 *
 * How: a live question is made ready as a GET is, session, role, rule and the rule's functions included
 * (`src/http/live.ts`, `src/engine/live.ts`), and what all these came to is its share. Those with the same share are a
 * group, and a group has one state, the body of the GET. Writes say which tables they touch once they are committed
 * (`src/engine/telling.ts`), feeds and the watch over a file say it of others; each such change is a generation, and raises
 * the groups that depend on the tables. A schedule asks them again, and where the body is another, those of the group are
 * told the difference to what they know, each as soon as his client has taken what was sent before. Who he is, and what his
 * rules say, is asked anew before that, unless it was within the last second; if his share is another by then, he goes to
 * that group first. So nothing is ever told that a GET of his would not have told him then.
 *
 * @throws Error at start for an option that does not exist, or is no number of its kind.
 * @example
 * import { live } from "@bepalo/query/live";
 * createQueryRoute({ acl, database, schema, live: live({ maxStreams: 1_000 }) });
 */
export function live(options: LiveOptions = {}): LiveOption {
  const settings = readSettings(options);
  const open: OpenLive = (host) => new LiveAnswers(settings, host);
  return { open };
}

/** What a route is told to keep answers true with: `live()` makes it. */
export interface LiveOption {
  /** For the route alone. */
  readonly open: (host: never) => unknown;
}
