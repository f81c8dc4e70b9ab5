import type { AnyApi } from "../../src/infer.ts";
import { knownVersions } from "../guard.ts";
import { type SentQuestion, wireSelector } from "../params.ts";
import { unsendable } from "../wire.ts";
import type { ChangeAnswer, ListAnswer, RowAnswer } from "./answer.ts";
import type { AskedBody, BodyDraft, PatchBody, PostBody } from "./body.ts";
import type { Askable, Callable, Changeable, Readable } from "./callable.ts";
import type { Checked, CheckedChange, CheckedFirst, CheckedRead } from "./checked.ts";
import type { Asked, Question, ResourceName, Seen } from "./client.ts";
import type { ChangeDraft, Draft, FirstDraft, PostDraft, ReadDraft } from "./draft.ts";

/** One request of a batch. */
export interface Operation<Answer, R extends string = string> {
  /** What it will be answered with; nothing stands here. */
  readonly answer?: Answer;
  /**
   * The value of a column of the one row it answers, for the bodies and filters of later requests of the batch.
   *
   * @example api.batch((b) => { const post = b.post("posts", { title }); return [post, b.post("comments", { postId: post.of("id"), text })]; })
   */
  readonly of: <K extends ([RowIn<Answer, R>] extends [never] ? never : keyof RowIn<Answer, R>)>(
    column: K,
  ) => RowIn<Answer, R>[K];
}

/** A row of an answer. */
export type RowIn<Answer, R extends string> = Answer extends { readonly [K in R]: infer Rows }
  ? Rows extends readonly (infer Row)[]
    ? Row
    : NonNullable<Rows>
  : never;

/** The answers of requests, in their order. */
export type Answered<Operations extends readonly unknown[]> = {
  readonly [I in keyof Operations]: Operations[I] extends { readonly answer?: infer Answer }
    ? Exclude<Answer, undefined>
    : never;
};

/** Makes the requests of a batch: each method asks what the client's own does, and sends nothing yet. */
export interface BatchBuilder<A extends AnyApi> {
  readonly get: <R extends ResourceName<A>, Q extends Draft<A, ReadDraft<A, R>>, Given>(
    resource: Readable<A, R, false, Given>,
    question?: Seen<Given, Asked<Q, CheckedRead<A, R, Q>>>,
  ) => Operation<ListAnswer<A, R, Question<Q>>, R>;
  readonly first: <R extends ResourceName<A>, Q extends Draft<A, FirstDraft<A, R>>, Given>(
    resource: Readable<A, R, true, Given>,
    question?: Seen<Given, Asked<Q, CheckedFirst<A, R, Q>>>,
  ) => Operation<RowAnswer<A, R, Question<Q>>, R>;
  readonly post: <
    R extends ResourceName<A>,
    B extends BodyDraft<R, PostBody<A, R>> | readonly BodyDraft<R, PostBody<A, R>>[],
    Q extends Draft<A, PostDraft<A, R>>,
    Given,
  >(
    resource: Askable<A, R, "POST", Given, Callable<A, R, "POST">>,
    body: AskedBody<R, PostBody<A, R>, B, PostBody<A, R> | readonly PostBody<A, R>[]>,
    question?: Seen<Given, Asked<Q, Checked<A, R, "POST", Q>>>,
  ) => Operation<ChangeAnswer<A, R, "POST", Question<Q>>, R>;
  readonly patch: <
    R extends ResourceName<A>,
    B extends BodyDraft<R, PatchBody<A, R>>,
    Q extends Draft<A, ChangeDraft<A, R, "PATCH">>,
    Given,
  >(
    resource: Changeable<A, R, "PATCH", Given>,
    body: AskedBody<R, PatchBody<A, R>, B, PatchBody<A, R>>,
    question?: Seen<Given, Asked<Q, CheckedChange<A, R, "PATCH", Q>>>,
  ) => Operation<ChangeAnswer<A, R, "PATCH", Question<Q>>, R>;
  readonly delete: <R extends ResourceName<A>, Q extends Draft<A, ChangeDraft<A, R, "DELETE">>, Given>(
    resource: Changeable<A, R, "DELETE", Given>,
    question?: Seen<Given, Asked<Q, CheckedChange<A, R, "DELETE", Q>>>,
  ) => Operation<ChangeAnswer<A, R, "DELETE", Question<Q>>, R>;
}

/** A request as it is sent. */
type Sent = ReturnType<typeof operation>;

/** The methods of a builder, as they run. `nested` gives a question as the URL has it. */
export function builder(nested: (question?: object) => SentQuestion): BatchBuilder<AnyApi> {
  let made = 0;
  const asks =
    (method: string, more?: object) =>
    (resource: string, question?: object): Sent =>
      operation(`r${++made}`, method, resource, { ...nested(question), ...more });
  const writes =
    (method: string) =>
    (resource: string, body: unknown, question?: object): Sent =>
      operation(`r${++made}`, method, resource, nested(question), { body });
  // The types say what each takes; the code runs without them.
  return {
    get: asks("GET"),
    first: asks("GET", { findFirst: true }),
    post: writes("POST"),
    patch: writes("PATCH"),
    delete: asks("DELETE"),
  } as unknown as BatchBuilder<AnyApi>;
}

function operation(
  name: string,
  method: string,
  resource: string,
  { select, mine, guest, "mine|guest": both, ...asked }: SentQuestion,
  body?: object,
) {
  const { ifVersion, ...flags } = asked;
  const match = "ifVersion" in asked && { ifMatch: knownVersions(ifVersion) };
  let as: string | undefined;
  const changes = method === "PATCH" || method === "DELETE";
  return {
    of(column: string) {
      as = name;
      const toJSON = (): object => ({ $ref: `${name}.${resource}.${column}` });
      // It stands for a value that nobody has yet, so that nothing can be made of it here.
      return { toJSON, [Symbol.toPrimitive]: () => unsent(column) };
    },
    toJSON: () => ({
      method,
      resource,
      as,
      scope: mine ? "mine" : guest ? "guest" : both ? "mine|guest" : undefined,
      select: select && wireSelector(select, "select", changes),
      ...match,
      ...flags,
      ...body,
    }),
  };
}

function unsent(column: string): never {
  throw unsendable(
    "a text made of a value that is not there yet",
    column,
    "let it be the whole value of a column",
  );
}
