/** A moment as PostgreSQL's JSON writes it, in the session's time zone, whose offset may have seconds. */
const MOMENT =
  /^(\d+)-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?)?( BC)?$/;

/** The calendar comes again after so many years; a date of JavaScript ends before PostgreSQL's do. */
const CYCLE = 400;

interface Moment {
  readonly year: number;
  /** Within the cycle that begins with the year 2000. */
  readonly date: Date;
  readonly fraction: string;
}

function readMoment(text: string): Moment | undefined {
  const parts = MOMENT.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = "", sign, ...rest] = parts;
  const [hours = 0, minutes = 0, seconds = 0] = rest.slice(0, 3).map((part) => Number(part ?? 0));
  const written = rest[3] === undefined ? Number(year) : 1 - Number(year);
  const cycles = Math.floor(written / CYCLE);
  const offset = (hours * 3600 + minutes * 60 + seconds) * (sign === "-" ? 1000 : -1000);
  const local = Date.UTC(
    2000 + written - cycles * CYCLE,
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const date = new Date(local + offset);
  return { year: date.getUTCFullYear() - 2000 + cycles * CYCLE, date, fraction };
}

/** The date of a moment, to the millisecond; none where JavaScript has none. */
export function momentDate(text: string): Date {
  const moment = readMoment(text);
  if (moment === undefined) return new Date(Number.NaN);
  const date = new Date(moment.date);
  date.setUTCFullYear(moment.year);
  date.setUTCMilliseconds(Number(moment.fraction.slice(1, 4).padEnd(3, "0")));
  return date;
}

/** A moment as PostgreSQL writes it where it is UTC everywhere; what is endless stays so. */
export function momentText(text: string, zoned: boolean): string {
  const moment = readMoment(text);
  if (moment === undefined) return text;
  const { year, date, fraction } = moment;
  const [, rest] = /^\d+(-.*)\.000Z$/.exec(date.toISOString())!;
  const [written, era] = year > 0 ? [year, ""] : [1 - year, " BC"];
  return `${String(written).padStart(4, "0")}${rest!.replace("T", " ")}${fraction}${zoned ? "+00" : ""}${era}`;
}
