import { find, part } from "./dom.ts";

/** How many of something a month had; the month's first moment as an instant. */
export interface Month {
  readonly month: string;
  readonly posts: number;
  readonly comments: number;
}

const SVG = "http://www.w3.org/2000/svg";
/** Where bars stand, and how high they may be: above them is room for a number, below for the month. */
const GROUND = 116;
const HIGHEST = 100;

const long = new Intl.DateTimeFormat("en", { month: "long", year: "numeric", timeZone: "UTC" });
const short = new Intl.DateTimeFormat("en", { month: "short", timeZone: "UTC" });
const year = new Intl.DateTimeFormat("en", { year: "numeric", timeZone: "UTC" });

/** Draws two bars for each month. Widths are in percent, so that texts stay as large as they are on any screen. */
export function drawMonths(months: readonly Month[]): void {
  const figure = find(document, "#months", HTMLElement);
  const most = Math.max(1, ...months.flatMap(({ posts, comments }) => [posts, comments]));
  const width = 100 / Math.max(1, months.length);
  part(figure, "chart", SVGSVGElement).replaceChildren(
    ...months.map((month, index) =>
      element("svg", { role: "img", x: `${index * width}%`, width: `${width}%` }, [
        element("title", {}, [inWords(month)]),
        ...bar("posts", 8, month.posts, most),
        ...bar("comments", 52, month.comments, most),
        ...names(month.month, index === 0),
      ]),
    ),
  );
}

function inWords({ month, posts, comments }: Month): string {
  const some = (count: number, one: string) => `${count} ${count === 1 ? one : `${one}s`}`;
  return `${long.format(new Date(month))}: ${some(posts, "post")}, ${some(comments, "comment")}`;
}

/** A bar with its number above it. */
function bar(name: string, left: number, count: number, most: number): readonly SVGElement[] {
  const height = (count * HIGHEST) / most;
  return [
    element("rect", {
      class: name,
      x: `${left}%`,
      y: String(GROUND - height),
      width: "40%",
      height: String(height),
      rx: "2",
    }),
    element("text", { x: `${left + 20}%`, y: String(GROUND - height - 4) }, [String(count)]),
  ];
}

/** The month, and the year where it begins. */
function names(month: string, first: boolean): readonly SVGElement[] {
  const moment = new Date(month);
  const texts = [short.format(moment), ...(first || moment.getUTCMonth() === 0 ? [year.format(moment)] : [])];
  return texts.map((text, line) => element("text", { x: "50%", y: String(GROUND + 15 + 14 * line) }, [text]));
}

function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  children: readonly (Node | string)[] = [],
): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
