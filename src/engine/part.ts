import { type Body, contextFor, setTransaction } from "../author/author.ts";
import { bounded } from "../clock.ts";
import { type Mark, unwatched } from "../observe.ts";
import type { Principal, QueryRequest } from "../request/request.ts";
import type { Answer, Call, Parts } from "./call.ts";

/** One request among several of a caller, that run in one transaction: as it would be on its own. */
export class Part<Shaped> implements Call<Shaped> {
  readonly #whole: Call<unknown>;
  /** Its body, where it takes one. */
  sent: Body | undefined;
  readonly request: QueryRequest;
  readonly principal: Principal;
  readonly mark: Mark = unwatched;
  readonly shape: (answer: Answer) => Shaped | Promise<Shaped>;

  /** `shape` makes of its answer what the whole makes its own of. */
  constructor(
    whole: Call<unknown>,
    request: QueryRequest,
    shape: (answer: Answer) => Shaped | Promise<Shaped>,
  ) {
    const { roles, context } = whole.principal;
    this.#whole = whole;
    this.request = request;
    this.principal = { roles, context: contextFor(context, request.method, request.resource) };
    if (context.tx !== undefined) setTransaction(this.principal.context, context.tx);
    this.shape = shape;
  }

  get caller(): string {
    return this.#whole.caller;
  }

  get holder(): string | undefined {
    return this.#whole.holder;
  }

  get signal(): AbortSignal {
    return this.#whole.signal;
  }

  body(): Promise<Body> {
    return Promise.resolve(this.sent!);
  }
}

/** While a transaction is open an author's functions run in it, for outside they would wait for its end. */
export function insideOf(parts: Parts): Parts {
  const { runtime } = parts;
  const outside: typeof runtime.outside = (work, _, late) => bounded(runtime.timeout, work, late);
  return { ...parts, runtime: { ...runtime, outside } };
}
