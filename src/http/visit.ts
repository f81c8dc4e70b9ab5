import type { Body, Context } from "../author/author.ts";
import { goOn, type Later } from "../clock.ts";
import type { Answer, Asker, Call } from "../engine/engine.ts";
import { type Mark, unwatched } from "../observe.ts";
import type { Principal, QueryRequest } from "../request/request.ts";
import { readBody } from "./body.ts";
import { sha256 } from "./etag.ts";
import type { Route } from "./handle.ts";
import type { HeaderMap } from "./headers.ts";
import type { WriteKey } from "./idempotency.ts";
import { addressKey, keepOpen, knownContext } from "./peer.ts";
import { type JSONText, shape } from "./shape.ts";

/** Runs a function of the author before it is known who asks. */
export interface Asks {
  ask<T>(work: () => Later<T>): Later<T>;
}

/** Names are kept where places are counted, and may be a client's text: of a longer one its hash is kept. */
const LONGEST = 128;

/** What a caller goes by whom the author has named. */
export const keyOfName = (name: string): string =>
  name.length > LONGEST ? `h:${sha256(name)}` : `n:${name}`;

/** A request on its way, and what is known of it should it be refused. */
export class Visit implements Asker, Asks {
  readonly route: Route;
  /** The request as it is answered: a GET, where it stands for one. */
  request: Request;
  readonly mark: Mark;
  resource = "";
  /** The code of the refusal, once it is refused. */
  code: string | undefined;
  base: HeaderMap;
  /** As the server knows it. */
  readonly #sent: Request;
  readonly #from: unknown;
  #address: string | undefined;
  #caller: string | undefined;
  #holder: string | undefined;

  /** `from` is whatever the server passed beside the request. */
  constructor(route: Route, request: Request, from: unknown, mark: Mark) {
    this.route = route;
    this.request = this.#sent = request;
    this.mark = mark;
    this.base = route.headers;
    this.#from = from;
  }

  /** Who asks: he goes by his address until the author has named him, and if nobody does. */
  get caller(): string {
    return (this.#caller ??= this.#address ??= addressKey(this.#from, this.#sent));
  }

  /** The same sender with a request of his, once more: servers tell an address only as long as they have not answered. */
  again(request: Request, resource: string): Visit {
    this.#address ??= addressKey(this.#from, this.#sent);
    const visit = new Visit(this.route, this.#sent, this.#from, unwatched);
    visit.#address = this.#address;
    visit.request = request;
    visit.resource = resource;
    return visit;
  }

  /** Has the server keep the connection, however long nothing is sent. */
  keepOpen(): void {
    keepOpen(this.#from, this.#sent);
  }

  /** What the framework knows already. */
  get known(): object | undefined {
    return knownContext(this.#from);
  }

  /** A server makes it when it is looked at first. */
  get signal(): AbortSignal {
    return this.#sent.signal;
  }

  ask<T>(work: () => Later<T>): Later<T> {
    return this.route.engine.before(this, work);
  }

  /** Takes the name that the author gives, where he gives one. */
  nameFrom(context: Context): Later<void> {
    return this.route.caller === undefined ? undefined : this.#nameFrom(context, this.route.caller);
  }

  #nameFrom(context: Context, caller: NonNullable<Route["caller"]>): Later<void> {
    return goOn(
      this.ask(() => caller(context as never, this.request)),
      Visit.#named,
      this,
    );
  }

  static readonly #named = (name: unknown, visit: Visit): void => {
    if (typeof name === "string" && name !== "") visit.#caller = visit.#holder = keyOfName(name);
  };

  /** The name that the author has given. */
  get holder(): string | undefined {
    return this.#holder;
  }
}

/** What is asked of the engine on a visit. */
export class Question implements Call<Response | JSONText> {
  readonly visit: Visit;
  readonly request: QueryRequest;
  readonly principal: Principal;
  readonly keyed: WriteKey | undefined;

  constructor(visit: Visit, request: QueryRequest, principal: Principal, keyed?: WriteKey) {
    this.visit = visit;
    this.request = request;
    this.principal = principal;
    this.keyed = keyed;
  }

  get mark(): Mark {
    return this.visit.mark;
  }

  get caller(): string {
    return this.visit.caller;
  }

  get holder(): string | undefined {
    return this.visit.holder;
  }

  get signal(): AbortSignal {
    return this.visit.signal;
  }

  body(maxBytes: number): Promise<Body> {
    const { request, route } = this.visit;
    const { engine, bodies } = route;
    return readBody(request, maxBytes, bodies, {
      othersFirst: () => engine.othersFirst(this.visit),
      spent: (milliseconds) => engine.charge(this.visit, milliseconds),
      jsonPatch: route.jsonPatch,
      heard: this.keyed?.heard,
    });
  }

  shape(answer: Answer): Later<Response | JSONText> {
    const { resource, request, route } = this.visit;
    return shape(answer, resource, request, this.principal.context, route.formatResult);
  }
}
