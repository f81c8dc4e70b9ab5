import type { Auth } from "@/auth";
import type { Database } from "./open.ts";
import { account, basket, comment, fruit, post, postTag, tag, user } from "./schema.ts";
import { comments, postTags, published, subjects, tags } from "./seed-feed.ts";
import { id, moments, type NewPost } from "./seed-rows.ts";

type NewUser = typeof user.$inferInsert;
type NewBasket = typeof basket.$inferInsert;
type NewFruit = typeof fruit.$inferInsert;

/** Fills an empty database with the same rows every time, and leaves any other alone; true when it filled. */
export async function seed(database: Database, auth: Auth): Promise<boolean> {
  if ((await database.$count(user)) > 0) return false;

  const owners = users();
  const accounts = await Promise.all(owners.map((owner) => credential(auth, owner)));
  // All or nothing: a start that was interrupted here begins anew the next time.
  await database.transaction(async (tx) => {
    await tx.insert(user).values(owners);
    await tx.insert(account).values(accounts);
    await tx.insert(post).values(posts());
    await tx.insert(tag).values(tags());
    await tx.insert(postTag).values(postTags());
    await tx.insert(comment).values(comments(posts()));
    await tx.insert(basket).values(baskets());
    await tx.insert(fruit).values(fruits());
  });
  return true;
}

/** Name, and what stands before the at sign. */
const people = [
  ["Mr. Admin", "admin"],
  ["Mr. User", "user"],
  ["Ada Moss", "ada"],
  ["Ben Alder", "ben"],
  ["Cleo Fern", "cleo"],
  ["Dov Birch", "dov"],
] as const;

/** The people of a fresh sandbox; the first is the admin. */
export function users(): NewUser[] {
  return people.map(([name, mailbox], i) => ({
    id: id("user", i + 1),
    name,
    email: `${mailbox}@local.dev`,
    emailVerified: true,
    role: mailbox === "admin" ? "admin" : "user",
    ...moments(i),
  }));
}

const titles = [
  (subject: string) => `Notes on ${subject}`,
  (subject: string) => `A short history of ${subject}`,
  (subject: string) => `Questions about ${subject}`,
  (subject: string) => `In praise of ${subject}`,
  (subject: string) => `What ${subject} can teach`,
];
const greetings = ["Hello", "Still here", "Bye"];

/** Sixty posts: Mr. User wrote the first and every other one, the rest of the people those between, in turn. */
export function posts(): NewPost[] {
  return titles
    .flatMap((title) => Object.keys(subjects).map((subject) => ({ title: title(subject), subject })))
    .map(({ title, subject }, i) => ({
      id: id("post", i + 1),
      userId: id("user", writerOf(i)),
      title,
      body: `${greetings[i % greetings.length]}, this is post ${i + 1} of 60, and it is about ${subject}.`,
      ...published(i),
      ...moments(i),
    }));
}

/** 2 is Mr. User. */
function writerOf(i: number): number {
  const others = [1, 3, 4, 5, 6];
  return i % 2 === 0 ? 2 : (others[((i - 1) / 2) % others.length] ?? 1);
}

/** Six baskets, the last one empty. */
export function baskets(): NewBasket[] {
  const capacities = { Orchard: 20, Citrus: 12, Berries: 30, Tropics: 10, Stones: 8, Spare: 5 };
  return Object.entries(capacities).map(([name, capacity], i) => ({
    id: id("basket", i + 1),
    name,
    capacity,
    ...moments(i),
  }));
}

/** Twenty fruits: name, sweetness, sourness, bitterness, and the number of the basket. */
const harvest: readonly (readonly [string, number, number, number, number])[] = [
  ["Pear", 7, 1, 0, 1],
  ["Quince", 3, 6, 4, 1],
  ["Medlar", 6, 2, 1, 1],
  ["Fig", 8.5, 0.5, 0, 1],
  ["Orange", 6.5, 4, 1, 2],
  ["Lemon", 1.5, 9, 2, 2],
  ["Grapefruit", 4, 6, 6.5, 2],
  ["Tangerine", 7, 3, 0.5, 2],
  ["Lime", 1, 9.5, 3, 2],
  ["Strawberry", 7.5, 3, 0, 3],
  ["Raspberry", 6, 5, 0.5, 3],
  ["Cranberry", 1.5, 8, 5, 3],
  ["Blueberry", 6.5, 3.5, 0.5, 3],
  ["Papaya", 7.5, 0.5, 1, 4],
  ["Pineapple", 8, 5, 0, 4],
  ["Mangosteen", 8.5, 3, 0, 4],
  ["Passion Fruit", 5, 7.5, 0.5, 4],
  ["Cherry", 7, 4, 0.5, 5],
  ["Peach", 8, 2, 0, 5],
  ["Plum", 6.5, 4.5, 1, 5],
];

/** The harvest as rows. */
export function fruits(): NewFruit[] {
  return harvest.map(([name, sweetness, sourness, bitterness, inBasket], i) => ({
    id: id("fruit", i + 1),
    name,
    sweetness,
    sourness,
    bitterness,
    basketId: id("basket", inBasket),
    ...moments(i),
  }));
}

async function credential(auth: Auth, { id: userId, role }: NewUser) {
  const { password } = await auth.$context;
  return {
    id: userId.replace("user", "account"),
    accountId: userId,
    providerId: "credential",
    userId,
    password: await password.hash(role === "admin" ? "Admin@1234" : "User@1234"),
    ...moments(0),
  };
}
