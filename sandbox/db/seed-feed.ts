import type { comment, Cover, postTag, tag } from "./schema.ts";
import { at, id, type NewPost } from "./seed-rows.ts";

type NewTag = typeof tag.$inferInsert;
type NewPostTag = typeof postTag.$inferInsert;
type NewComment = typeof comment.$inferInsert;

const HOUR = 3_600_000;
const PEOPLE = 6;

/** What a post may be about, and the tags that it has then. */
export const subjects: Readonly<Record<string, readonly string[]>> = {
  bread: ["food", "craft"],
  rain: ["nature"],
  maps: ["paper", "travel"],
  clocks: ["craft"],
  rivers: ["nature", "travel"],
  salt: ["food"],
  letters: ["paper"],
  gardens: ["nature", "craft"],
  bridges: ["travel", "craft"],
  tea: ["food"],
  stars: ["nature", "night"],
  stones: ["nature"],
};

const names = ["craft", "food", "music", "nature", "night", "paper", "travel"];

/** Seven tags; no post has that of music. */
export function tags(): NewTag[] {
  return names.map((name, i) => ({ id: id("tag", i + 1), name }));
}

/** Which post has which tags, by what it is about. */
export function postTags(): NewPostTag[] {
  const all = Object.values(subjects);
  return Array.from({ length: 60 }, (_, i) =>
    all[i % all.length]!.map((name) => ({
      postId: id("post", i + 1),
      tagId: id("tag", names.indexOf(name) + 1),
    })),
  ).flat();
}

/** When the post of that number was published: up to 33 weeks after it was written, and every seventh not yet. */
export function published(i: number): Pick<NewPost, "publishedAt" | "cover"> {
  if (i % 7 === 6) return {};
  return {
    publishedAt: new Date(at(i).getTime() + ((i * i * 7) % 230) * 24 * HOUR),
    ...(i % 5 !== 4 && { cover: coverOf(i) }),
  };
}

function coverOf(i: number): Cover {
  const themes = ["sand", "forest", "sea"];
  return { theme: themes[i % themes.length]!, size: i % 2 === 0 ? [640, 360] : [800, 600] };
}

const remarks = [
  (subject: string) => `I never thought of ${subject} like that.`,
  () => "Lovely, thank you.",
  (subject: string) => `More about ${subject}, please.`,
  () => "Is that really true?",
];

/** What is said under the posts that are published, by others than their writers; what sells something is flagged. */
export function comments(posts: readonly NewPost[]): NewComment[] {
  const about = Object.keys(subjects);
  return posts
    .flatMap(({ id: postId = "", userId, publishedAt }, i) => {
      if (!publishedAt) return [];
      return Array.from({ length: [2, 0, 3, 1, 0, 4][i % 7]! }, (_, n) => {
        const subject = about[i % about.length]!;
        const flagged = (i + n) % 9 === 2;
        return {
          postId,
          userId: reader(i + n, userId),
          body: flagged ? `Buy ${subject} here, cheap!` : remarks[(i + n) % remarks.length]!(subject),
          flagged,
          createdAt: new Date(publishedAt.getTime() + (n * 31 + (i % 11) + 1) * 5 * HOUR),
        };
      });
    })
    .map((row, i) => ({ id: id("comment", i + 1), ...row }));
}

/** Somebody who did not write the post. */
function reader(n: number, writer: string): string {
  const somebody = id("user", 1 + (n % PEOPLE));
  return somebody === writer ? id("user", 1 + ((n + 1) % PEOPLE)) : somebody;
}
