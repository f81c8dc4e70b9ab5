import { idempotencyTable } from "@bepalo/query";
import { avg, count, eq, relations, sql } from "drizzle-orm";
import {
  index,
  integer,
  numeric,
  primaryKey,
  sqliteTable,
  sqliteView,
  text,
  unique,
} from "drizzle-orm/sqlite-core";

const now = sql`(cast(unixepoch('subsecond') * 1000 as integer))`;

const uuid = () =>
  text("id")
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID());
const moment = (name: string) => integer(name, { mode: "timestamp_ms" });
const createdAt = () => moment("created_at").default(now).notNull();
const updatedAt = () =>
  moment("updated_at")
    .default(now)
    .$onUpdate(() => new Date())
    .notNull();

/** How something tastes, on a scale the application does not limit. */
const taste = () => numeric({ mode: "number" }).notNull().default(0);

/** Every role a signed-in person can have. */
export const userRolesEnum = ["user", "admin"] as const;

/** Fruits, each lying in one basket. */
export const fruit = sqliteTable(
  "fruit",
  {
    id: uuid(),
    name: text("name", { length: 30 }).notNull(),
    sweetness: taste(),
    sourness: taste(),
    bitterness: taste(),
    basketId: text("basket_id")
      .notNull()
      .references(() => basket.id, { onDelete: "cascade" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [unique("uk_fruit_name").on(t.name), index("fruit_basketId_idx").on(t.basketId)],
);

/** Baskets; a basket that goes takes its fruits with it. */
export const basket = sqliteTable(
  "basket",
  {
    id: uuid(),
    name: text("name", { length: 30 }).notNull(),
    capacity: integer("capacity", { mode: "number" }).notNull().default(20),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [unique("uk_basket_name").on(t.name)],
);

/** How the fruits of a basket taste together. */
export const basketTaste = sqliteView("basket_taste").as((query) =>
  query
    .select({
      basket: basket.name,
      fruits: count().as("fruits"),
      sweetness: avg(fruit.sweetness).mapWith(Number).as("sweetness"),
    })
    .from(fruit)
    .innerJoin(basket, eq(basket.id, fruit.basketId))
    .groupBy(basket.id),
);

/** What a post looks like in the feed; the application does not say what else it holds. */
export interface Cover {
  readonly theme: string;
  /** Width and height. */
  readonly size: readonly [number, number];
}

/** Posts, each written by one user; a draft until it is published. */
export const post = sqliteTable(
  "post",
  {
    id: uuid(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onUpdate: "cascade", onDelete: "cascade" }),
    title: text("title", { length: 50 }).notNull(),
    body: text("body", { length: 512 }).notNull(),
    cover: text("cover", { mode: "json" }).$type<Cover>(),
    /** Which change of it this is, so that two people, or windows, do not undo each other's. */
    version: integer("version").notNull().default(1),
    publishedAt: moment("published_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index("post_userId_createdAt_idx").on(t.userId, t.createdAt),
    index("post_publishedAt_idx").on(t.publishedAt),
  ],
);

/** What people say under posts; flagged is what is not worth reading. */
export const comment = sqliteTable(
  "comment",
  {
    id: uuid(),
    postId: text("post_id")
      .notNull()
      .references(() => post.id, { onUpdate: "cascade", onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onUpdate: "cascade", onDelete: "cascade" }),
    body: text("body", { length: 256 }).notNull(),
    flagged: integer("flagged", { mode: "boolean" }).notNull().default(false),
    createdAt: createdAt(),
  },
  (t) => [index("comment_postId_idx").on(t.postId), index("comment_userId_idx").on(t.userId)],
);

/** Words that posts are found by. */
export const tag = sqliteTable("tag", { id: uuid(), name: text("name", { length: 30 }).notNull().unique() });

/** Which post has which tag. */
export const postTag = sqliteTable(
  "post_tag",
  {
    postId: text("post_id")
      .notNull()
      .references(() => post.id, { onUpdate: "cascade", onDelete: "cascade" }),
    tagId: text("tag_id")
      .notNull()
      .references(() => tag.id, { onUpdate: "cascade", onDelete: "cascade" }),
  },
  (t) => [primaryKey({ columns: [t.postId, t.tagId] }), index("post_tag_tagId_idx").on(t.tagId)],
);

/** People; this table and the three below have the columns better-auth works with. */
export const user = sqliteTable("user", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
  emailVerified: integer("email_verified", { mode: "boolean" }).default(false).notNull(),
  image: text("image"),
  role: text("role", { enum: userRolesEnum }).notNull().default("user"),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** Who is signed in, by token. */
export const session = sqliteTable(
  "session",
  {
    id: text("id").primaryKey(),
    expiresAt: moment("expires_at").notNull(),
    token: text("token").notNull().unique(),
    createdAt: createdAt(),
    updatedAt: moment("updated_at")
      .$onUpdate(() => new Date())
      .notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
  },
  (t) => [index("session_userId_idx").on(t.userId)],
);

/** How a person proves who they are: here by a password, stored as its hash. */
export const account = sqliteTable(
  "account",
  {
    id: text("id").primaryKey(),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: moment("access_token_expires_at"),
    refreshTokenExpiresAt: moment("refresh_token_expires_at"),
    scope: text("scope"),
    password: text("password"),
    createdAt: createdAt(),
    updatedAt: moment("updated_at")
      .$onUpdate(() => new Date())
      .notNull(),
  },
  (t) => [index("account_userId_idx").on(t.userId)],
);

/** Short-lived proofs, such as the token in a password-reset mail. */
export const verification = sqliteTable(
  "verification",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: moment("expires_at").notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index("verification_identifier_idx").on(t.identifier)],
);

/** What was answered to writes that were sent under a key. */
export const idempotency = idempotencyTable("sqlite");

/** A fruit lies in a basket. */
export const fruitRelations = relations(fruit, ({ one }) => ({
  basket: one(basket, { fields: [fruit.basketId], references: [basket.id] }),
}));

/** A basket holds fruits. */
export const basketRelations = relations(basket, ({ many }) => ({ fruit: many(fruit) }));

/** A post belongs to the user who wrote it, and has comments and tags. */
export const postRelations = relations(post, ({ one, many }) => ({
  user: one(user, { fields: [post.userId], references: [user.id] }),
  comments: many(comment),
  postTags: many(postTag),
}));

/** A comment stands under a post, and belongs to the user who wrote it. */
export const commentRelations = relations(comment, ({ one }) => ({
  post: one(post, { fields: [comment.postId], references: [post.id] }),
  user: one(user, { fields: [comment.userId], references: [user.id] }),
}));

/** A tag stands at posts. */
export const tagRelations = relations(tag, ({ many }) => ({ postTags: many(postTag) }));

/** Between posts and tags. */
export const postTagRelations = relations(postTag, ({ one }) => ({
  post: one(post, { fields: [postTag.postId], references: [post.id] }),
  tag: one(tag, { fields: [postTag.tagId], references: [tag.id] }),
}));

/** A user has sessions, accounts, posts and comments. */
export const userRelations = relations(user, ({ many }) => ({
  session: many(session),
  account: many(account),
  post: many(post),
  comments: many(comment),
}));

/** A session belongs to a user. */
export const sessionRelations = relations(session, ({ one }) => ({
  user: one(user, { fields: [session.userId], references: [user.id] }),
}));

/** An account belongs to a user. */
export const accountRelations = relations(account, ({ one }) => ({
  user: one(user, { fields: [account.userId], references: [user.id] }),
}));

/** The tables by name, without the relations. */
export const tables = {
  fruit,
  basket,
  post,
  comment,
  tag,
  postTag,
  user,
  session,
  account,
  verification,
  idempotency,
};
