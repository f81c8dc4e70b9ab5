/** An event as text, before it is known which question of a stream it is about. */
export interface EventText {
  readonly event: "answer" | "patch" | "same" | "end";
  readonly id?: string | undefined;
  /** JSON. */
  readonly data?: string | undefined;
}

/** A line that says nothing, which keeps whoever stands between from taking the stream for dead. */
export const HEARTBEAT = ":\n\n";

/** Says when to come back, in milliseconds. */
export const retryAfter = (milliseconds: number): string => `retry: ${milliseconds}\n\n`;

/** An event as a stream has it; of a stream of many questions with the key of the one it is about. */
export function writeEvent({ event, id, data }: EventText, key?: string): string {
  const said = key === undefined ? data : keyed(key, data);
  const lines = [`event: ${event}`];
  if (id !== undefined) lines.push(`id: ${id}`);
  // PostgreSQL gives `json` as it was written, lines and all; between JSON's tokens all of them are alike.
  lines.push(...(said ?? "").split(LINE).map((line) => `data: ${line}`));
  return `${lines.join("\n")}\n\n`;
}

const LINE = /\r\n|\r|\n/;

const keyed = (key: string, data: string | undefined): string =>
  data === undefined ? `{"key":${JSON.stringify(key)}}` : `{"key":${JSON.stringify(key)},"data":${data}}`;
