import { type Body, contextFor } from "../author/author.ts";
import { unwatched } from "../observe.ts";
import type { Principal, QueryRequest } from "../request/request.ts";
import type { Answer, Call } from "./call.ts";

/** One request among several of a caller, that run in one transaction: as it would be on its own. */
export class Part<Shaped> implements Call<Shaped> {
  readonly #whole: Call<unknown>;
  readonly #sent: Body | undefined;
  readonly request: QueryRequest;
  readonly principal: Principal;
  readonly mark = unwatched;
  readonly shape: (answer: Answer) => Shaped | Promise<Shaped>;

  /** `sent` is its body, where it has one, and `shape` makes of its answer what the whole makes its own of. */
  constructor(
    whole: Call<unknown>,
    request: QueryRequest,
    sent: Body | undefined,
    shape: (answer: Answer, principal: Principal) => Shaped | Promise<Shaped>,
  ) {
    const { roles, context } = whole.principal;
    this.#whole = whole;
    this.#sent = sent;
    this.request = request;
    this.principal = { roles, context: contextFor(context, request.method, request.resource) };
    this.shape = (answer) => shape(answer, this.principal);
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
    return Promise.resolve(this.#sent!);
  }
}
