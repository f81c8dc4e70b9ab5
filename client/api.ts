import type { AnyApi } from "../src/infer.ts";
import type { ChangeAnswer, ListAnswer, RowAnswer } from "./answer.ts";
import type { PatchBody, PostBody } from "./body.ts";
import type { RequestOptions } from "./client.ts";
import type { Callable, ChangeQuestion, Checked, PostQuestion, Readable, ReadQuestion } from "./question.ts";
import type { Resource } from "./rules.ts";

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
  get<R extends Resource<A>, const Q extends ReadQuestion<A, R> = {}>(
    resource: Readable<A, R, false>,
    question?: Asked<Q, Checked<A, R, "GET", Q>>,
    init?: RequestOptions,
  ): Promise<ListAnswer<A, R, Q>>;
  /**
   * Reads one row, or null.
   *
   * @example const { posts } = await api.first("posts", { where: { id } });
   */
  first<R extends Resource<A>, const Q extends ReadQuestion<A, R> = {}>(
    resource: Readable<A, R, true>,
    question?: Asked<Q, Checked<A, R, "GET", Q>>,
    init?: RequestOptions,
  ): Promise<RowAnswer<A, R, Q>>;
  /** Creates a row, or several. */
  post<R extends Resource<A>, const Q extends PostQuestion<A, R> = {}>(
    resource: Callable<A, R, "POST">,
    body: PostBody<A, R> | readonly PostBody<A, R>[],
    question?: Asked<Q, Checked<A, R, "POST", Q>>,
    init?: RequestOptions,
  ): Promise<ChangeAnswer<A, R, "POST", Q>>;
  /** Changes the rows a filter names, or all the rule admits. */
  patch<R extends Resource<A>, const Q extends ChangeQuestion<A, R, "PATCH"> = {}>(
    resource: Callable<A, R, "PATCH">,
    body: PatchBody<A, R>,
    question?: Asked<Q, Checked<A, R, "PATCH", Q>>,
    init?: RequestOptions,
  ): Promise<ChangeAnswer<A, R, "PATCH", Q>>;
  /** Deletes the rows a filter names, or all the rule admits. */
  delete<R extends Resource<A>, const Q extends ChangeQuestion<A, R, "DELETE"> = {}>(
    resource: Callable<A, R, "DELETE">,
    question?: Asked<Q, Checked<A, R, "DELETE", Q>>,
    init?: RequestOptions,
  ): Promise<ChangeAnswer<A, R, "DELETE", Q>>;
}

/** A question if its check leaves it as it is, else the check, whose sentences then stand in the error. */
export type Asked<Q, Check> = Q extends Check ? Q : Check;
