/*
 * Listens to a feed in an application's folder: `node feed.mjs postgres|redis <url> [channel]`. It prints what it hears, a line of JSON
 * each, and tells of a table when it is back.
 */
import { postgresFeed, redisFeed } from "@bepalo/query/live";

const [, , name, url, channel] = process.argv;
const feed = name === "postgres" ? postgresFeed({ connection: url }) : redisFeed(url, { channel });
const say = (what) => console.log(JSON.stringify(what));
const listening = feed.open({
  changed: (touched) => {
    say(["changed", touched]);
    if (touched[0] === "end") void listening.close();
  },
  back: () => {
    say(["back"]);
    listening.tell(["told"]);
  },
  failed: (error) => {
    say(["failed", error.message]);
    void listening.close();
  },
});
