import type { AnyApi } from "../../src/infer.ts";
import type { RequestOptions, WriteInit } from "../options.ts";
import type { AggregateDraft } from "./aggregate.ts";
import type { Answered, BatchBuilder, Operation } from "./batch.ts";
import type { ChangeAnswer, ListAnswer, RowAnswer } from "./answer.ts";
import type { AskedBody, BodyDraft, PatchBody, PostBody } from "./body.ts";
import type { Askable, Callable, Changeable, Readable } from "./callable.ts";
import type { Checked, CheckedChange, CheckedFirst, CheckedPages, CheckedRead } from "./checked.ts";
import type { CheckedAggregate, Computing } from "./checked-aggregate.ts";
import type { AggregateAnswer } from "./computed.ts";
import type { ChangeDraft, Draft, FirstDraft, Omitted, PostDraft, ReadDraft } from "./draft.ts";
import type { Resource } from "./resource.ts";

/**
 * The methods of a client that knows the rules of its server. Each names a resource, and answers what was asked for: the
 * columns and relations of the question, as far as a rule lets them out. Flags stand beside the parts of the selector.
 */
export interface ApiClient<A extends AnyApi> {
  /**
   * Reads a list of rows.
   *
   * @example const { posts, total } = await api.get("posts", { mine: true, countTotal: true, columns: { title: true } });
   */
  readonly get: <R extends ResourceName<A>, Q extends Draft<A, ReadDraft<A, R>>, Given>(
    resource: Readable<A, R, false, Given>,
    question?: Seen<Given, Asked<Q, CheckedRead<A, R, Q>>>,
    init?: RequestOptions,
  ) => Promise<ListAnswer<A, R, Question<Q>>>;
  /**
   * Reads one row, or null.
   *
   * @example const { posts } = await api.first("posts", { where: { id } });
   */
  readonly first: <R extends ResourceName<A>, Q extends Draft<A, FirstDraft<A, R>>, Given>(
    resource: Readable<A, R, true, Given>,
    question?: Seen<Given, Asked<Q, CheckedFirst<A, R, Q>>>,
    init?: RequestOptions,
  ) => Promise<RowAnswer<A, R, Question<Q>>>;
  /**
   * Reads a list page by page, each when it is wanted, as long as there is a next one.
   *
   * @example for await (const { posts } of api.pages("posts", { limit: 100 })) posts.forEach(index);
   */
  readonly pages: <R extends ResourceName<A>, Q extends Draft<A, ReadDraft<A, R>>, Given>(
    resource: Readable<A, R, false, Given>,
    question?: Seen<Given, Asked<Q, CheckedPages<A, R, Q>>>,
    init?: RequestOptions,
  ) => AsyncGenerator<ListAnswer<A, R, Question<Q> & { readonly cursor: true }>, void, undefined>;
  /**
   * Reads numbers about rows: functions of their columns, of all of them or of groups.
   *
   * @example const { orders } = await api.aggregate("orders", { sum: { price: true }, groupBy: ["status"] });
   */
  readonly aggregate: <R extends ResourceName<A>, Q extends Draft<A, AggregateDraft<A, R>>>(
    resource: Computing<A, R>,
    question: Asked<Q, CheckedAggregate<A, R, Q>>,
    init?: RequestOptions,
  ) => Promise<AggregateAnswer<A, R, Question<Q>>>;
  /** Creates a row, or several. */
  readonly post: <
    R extends ResourceName<A>,
    B extends BodyDraft<R, PostBody<A, R>> | readonly BodyDraft<R, PostBody<A, R>>[],
    Q extends Draft<A, PostDraft<A, R>>,
    Given,
  >(
    resource: Askable<A, R, "POST", Given, Callable<A, R, "POST">>,
    body: AskedBody<R, PostBody<A, R>, B, PostBody<A, R> | readonly PostBody<A, R>[]>,
    question?: Seen<Given, Asked<Q, Checked<A, R, "POST", Q>>>,
    init?: WriteInit,
  ) => Promise<ChangeAnswer<A, R, "POST", Question<Q>>>;
  /** Changes the rows a filter names, or all the rule admits. */
  readonly patch: <
    R extends ResourceName<A>,
    B extends BodyDraft<R, PatchBody<A, R>>,
    Q extends Draft<A, ChangeDraft<A, R, "PATCH">>,
    Given,
  >(
    resource: Changeable<A, R, "PATCH", Given>,
    body: AskedBody<R, PatchBody<A, R>, B, PatchBody<A, R>>,
    question?: Seen<Given, Asked<Q, CheckedChange<A, R, "PATCH", Q>>>,
    init?: WriteInit,
  ) => Promise<ChangeAnswer<A, R, "PATCH", Question<Q>>>;
  /** Deletes the rows a filter names, or all the rule admits. */
  readonly delete: <R extends ResourceName<A>, Q extends Draft<A, ChangeDraft<A, R, "DELETE">>, Given>(
    resource: Changeable<A, R, "DELETE", Given>,
    question?: Seen<Given, Asked<Q, CheckedChange<A, R, "DELETE", Q>>>,
    init?: WriteInit,
  ) => Promise<ChangeAnswer<A, R, "DELETE", Question<Q>>>;
  /**
   * Sends several requests at once, of which all are kept or none: the list of their answers. Later ones may use values that
   * earlier ones answer.
   *
   * @example
   * const [{ posts }] = await api.batch((b) => {
   *   const post = b.post("posts", { title: "Hello" });
   *   return [post, b.post("comments", { postId: post.of("id"), text: "First!" })];
   * });
   */
  readonly batch: <const Operations extends readonly Operation<unknown, never>[]>(
    make: (builder: BatchBuilder<A>) => Operations,
    init?: WriteInit,
  ) => Promise<Answered<Operations>>;
}

/** The question, or none where it was left out. */
// A default for the type parameter would say the same, but then editors complete nothing in a question.
export type Question<Q> = Omitted<Q> extends true ? {} : Q;

/** Any name, so that one which is not known is answered by a sentence; an editor completes those that are. */
export type ResourceName<A extends AnyApi> = Resource<A> | (string & {});

/** A question if its check leaves it as it is, else the check, whose sentences then stand in the error. */
export type Asked<Q, Check> = [Omitted<Q>] extends [true] ? Check : Q extends Check ? Q : Check;

/** What is asked, while `Given` takes its type: where nothing is given it stays unknown. */
export type Seen<Given, Q> = Given extends null ? Given : Q;
