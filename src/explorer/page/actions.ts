import { METHOD_OF } from "../../request/method.ts";
import { LiveAnswer } from "./live.ts";
import { fragmentOf, readFragment } from "./fragment.ts";
import { type Access, askedOf, methodsOf } from "./model/access.ts";
import { type Answer, own, readHeaderLines, send } from "./model/call.ts";
import { explain, explanationIn } from "./model/explain.ts";
import { type Form, read } from "./model/forms.ts";
import { askMatrix, matrixIn } from "./model/matrix.ts";
import { isPlain } from "./model/notation.ts";
import { type RefusedAnswer, refusedIn } from "./model/refusal.ts";
import { type Asked, asked as question, isWrite, normal, type Plain } from "./model/request.ts";
import { NO_ANSWER, outcomeOf, unanswered } from "./outcome.ts";
import type { DialogAsked, Look, Outcome, State, Store } from "./state.ts";

/** What people do on the page, and what follows from it. */
export class Actions {
  readonly #store: Store;
  readonly #live: LiveAnswer;
  /** Ends the question that is being answered. */
  #running: AbortController | undefined;
  /** The text of the last `$access`: another text is another caller. */
  #known = "";

  constructor(store: Store) {
    this.#store = store;
    this.#live = new LiveAnswer(store);
  }

  get #state(): State {
    return this.#store.state;
  }

  /** How all that is sent is sent. */
  get #how() {
    return { headers: readHeaderLines(this.#state.headers).headers };
  }

  /** Asks what the caller may do, once more; what is seen changes where that does, or where `news` says so. */
  async load(news?: string): Promise<void> {
    const { place, asked } = this.#state;
    const answer = await own("$access", place, this.#how).catch(() => undefined);
    if (answer?.status !== 200) {
      // What is known stays, where the server is away for a while.
      if (answer === undefined && this.#known !== "" && news === undefined) return;
      this.#known = "";
      this.#forget();
      const unavailable = answer === undefined ? NO_ANSWER : refusedIn(answer);
      return this.#store.set({ unavailable, access: undefined });
    }
    if (answer.text === this.#known && news === undefined) return;
    const isFirst = asked === undefined;
    this.#known = answer.text;
    this.#forget();
    // The route's own answer of its own page.
    const access = answer.body as Access;
    const shared = isFirst ? readFragment(location.hash, place) : undefined;
    const said = news ?? (isFirst ? "" : "What you may do has changed.");
    this.#store.set({ access, unavailable: undefined, asked: shared ?? allowed(asked, access), news: said });
    await this.#inspect(access);
  }

  /** Nothing of who asked before is seen any longer. */
  #forget(): void {
    this.stop();
    this.#live.stop();
    this.#store.set({
      outcome: undefined,
      why: undefined,
      matrix: undefined,
      draft: undefined,
      look: "rows",
    });
  }

  /** Asks once whether the caller may look behind the rules, which says his roles too. */
  async #inspect({ resources }: Access): Promise<void> {
    const [first = "$access"] = Object.keys(resources);
    const answer = await explain(question(first), this.#state.place, this.#how).catch(() => undefined);
    const told = answer && explanationIn(answer);
    const page = told === undefined ? "question" : this.#state.page;
    this.#store.set({ inspects: told !== undefined, roles: told?.roles, page });
    if (page === "matrix") await this.openMatrix();
  }

  // --- the question -------------------------------------------------------------------------------------------------

  /** Asks something else, as it was clicked together. */
  edit(change: (asked: Asked) => Asked): void {
    const { asked } = this.#state;
    if (asked !== undefined) this.#store.set({ asked: normal(change(asked)), draft: undefined });
  }

  /** Puts a whole question before who asks. */
  ask(asked: Asked): void {
    this.#live.stop();
    this.#store.set({
      asked: normal(asked),
      draft: undefined,
      outcome: undefined,
      dialog: undefined,
      page: "question",
    });
  }

  /** Asks what was answered once more, changed: in another order, or of another page. */
  again(asked: Asked): void {
    this.#store.set({ asked: normal(asked), draft: undefined });
    void this.run();
  }

  /** Asks of another resource, by a method that the caller may use there. */
  choose(resource: string): void {
    this.ask(firstOf(resource, this.#state.access));
    this.#store.set({ look: "rows" });
  }

  /** Takes what is typed into a form; as far as it can be read, all else follows. */
  type(text: string): void {
    const { form, asked } = this.#state;
    if (asked === undefined) return;
    const result = read(form, text, asked);
    this.#store.set(
      "asked" in result ? { draft: { text }, asked: result.asked } : { draft: { text, ...result } },
    );
  }

  /** What was typed is written as its form writes it, once it can be read. */
  leaveText(): void {
    if (this.#state.draft?.problem === undefined) this.#store.set({ draft: undefined });
  }

  show(form: Form): void {
    this.#store.set({ form, draft: undefined });
  }

  look(look: Look): void {
    this.#store.set({ look });
    if (look === "why") void this.explain();
  }

  dialog(dialog: DialogAsked | undefined): void {
    this.#store.set({ dialog });
  }

  tell(news: string): void {
    this.#store.set({ news });
  }

  // --- its answer ---------------------------------------------------------------------------------------------------

  /** Runs the question; what removes rows, or may change them all, is asked about first. */
  async run(sure = false): Promise<void> {
    const { asked, draft, live } = this.#state;
    if (asked === undefined || draft?.problem !== undefined || this.#state.page !== "question") return;
    if (!sure && wantsConfirmation(asked)) return this.dialog({ kind: "sure" });
    this.#store.set({ dialog: undefined });
    history.replaceState(undefined, "", fragmentOf(asked, this.#state.place));
    if (live !== "off" && !isWrite(asked.method)) return this.#live.start(asked);
    this.#live.stop();
    await this.#answer(asked);
  }

  async #answer(asked: Asked): Promise<void> {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.#store.set({ running: true });
    const outcome = await this.#send(asked, running.signal);
    if (running !== this.#running || outcome === undefined) return;
    this.#running = undefined;
    const { look } = this.#state;
    const isChart = look === "chart" && asked.aggregate !== undefined;
    this.#store.set({ outcome, running: false, look: look === "chart" && !isChart ? "rows" : look });
    if (look === "why") await this.explain();
  }

  /** Sends a request, and gives what came of it; nothing where it was ended. */
  async #send(asked: Asked, signal?: AbortSignal): Promise<Outcome | undefined> {
    const answer = await send(asked, this.#state.place, { ...this.#how, signal }).catch(() => undefined);
    if (signal?.aborted === true) return undefined;
    return answer === undefined ? unanswered(asked) : outcomeOf(asked, answer);
  }

  /** Writes a row that is seen, and asks for the rows anew; gives why it was refused, where it was. */
  async writeRow(asked: Asked, news: string): Promise<RefusedAnswer | undefined> {
    const { refused, body } = (await this.#send(asked)) ?? unanswered(asked);
    if (refused !== undefined) return refused;
    const isWritten = !isPlain(body) || body["rowsAffected"] !== 0;
    const { outcome, live } = this.#state;
    this.#store.set({
      dialog: undefined,
      news: isWritten ? news : "Nothing was written: no such row is yours.",
    });
    if (outcome !== undefined && live === "off") await this.#answer(outcome.asked);
    return undefined;
  }

  /** Reads one row as it is now; nothing where it is not there, or not his. */
  async readRow(asked: Asked): Promise<Plain | undefined> {
    const { body } = (await this.#send(asked)) ?? unanswered(asked);
    const found: unknown = isPlain(body) ? body[asked.resource] : undefined;
    return [found].flat().find(isPlain);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#store.set({ running: false });
  }

  toggleLive(): void {
    const { live, asked } = this.#state;
    if (live !== "off") this.#live.stop();
    else if (asked !== undefined) this.#live.start(asked);
  }

  // --- behind the rules ---------------------------------------------------------------------------------------------

  /** Has the question explained: it is not run. */
  async explain(): Promise<void> {
    const { asked, place } = this.#state;
    if (asked === undefined) return;
    this.#store.set({ why: undefined });
    const answer = await explain(asked, place, { ...this.#how, values: true }).catch(() => undefined);
    this.#store.set({ why: orRefused(answer, answer && explanationIn(answer)) });
  }

  async openMatrix(): Promise<void> {
    this.#store.set({ page: "matrix" });
    const answer = await askMatrix(this.#state.place, this.#how).catch(() => undefined);
    this.#store.set({ matrix: orRefused(answer, answer && matrixIn(answer)) });
  }

  openQuestion(): void {
    this.#store.set({ page: "question" });
  }

  /** Asks as who the application, or a header, says one is now. */
  async become(headers: string): Promise<void> {
    this.#store.set({ headers, dialog: undefined });
    await this.load("This is what you may do now.");
  }
}

const orRefused = <Told>(answer: Answer | undefined, told: Told | undefined) =>
  told ?? (answer && refusedIn(answer)) ?? NO_ANSWER;

const wantsConfirmation = ({ method, select }: Asked): boolean =>
  method === METHOD_OF.delete || (method === METHOD_OF.update && select?.["where"] === undefined);

/** The same question, if this caller may ask anything of its resource, or else the first that he may. */
function allowed(asked: Asked | undefined, access: Access): Asked | undefined {
  if (asked !== undefined && methodsOf(access, asked.resource).includes(asked.method)) return asked;
  const [first] = Object.keys(access.resources);
  return first === undefined ? undefined : firstOf(first, access);
}

function firstOf(resource: string, access: Access | undefined): Asked {
  if (access === undefined) return question(resource);
  const [method] = methodsOf(access, resource);
  return askedOf(access, resource, method);
}
