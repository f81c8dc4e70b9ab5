/** One request of an `.http` file, as VS Code's REST Client writes them. */
export interface FileRequest {
  readonly title: string;
  /** What later requests call its answer. */
  readonly name: string | undefined;
  /** The status its comment promises. */
  readonly status: number | undefined;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The file's variables and its requests, in order. */
export interface HttpFile {
  readonly variables: ReadonlyMap<string, string>;
  readonly requests: readonly FileRequest[];
}

/** Reads an `.http` file. */
export function readHttpFile(text: string): HttpFile {
  const variables = new Map(
    [...text.matchAll(/^@(\w+)\s*=\s*(.+)$/gm)].map(([, name, value]) => [name!, value!.trim()]),
  );
  const requests = text
    .split(/^###/m)
    .map(readRequest)
    .filter((request) => request !== undefined);
  return { variables, requests };
}

function readRequest(block: string): FileRequest | undefined {
  const lines = block.split("\n");
  const start = lines.findIndex((line) => /^[A-Z]+ \S/.test(line));
  if (start < 0) return undefined;
  const comments = lines.slice(1, start).join("\n");
  const [method, url] = /^([A-Z]+) (.*)$/.exec(lines[start]!)!.slice(1) as [string, string];
  const blank = lines.findIndex((line, index) => index > start && line.trim() === "");
  const end = blank < 0 ? lines.length : blank;
  const headers = lines.slice(start + 1, end).map((line) => /^([^:]+):\s*(.*)$/.exec(line)!);
  // A section's heading stands in the block before it.
  const body = lines
    .slice(end)
    .join("\n")
    .replace(/^# -{10,}[\s\S]*/m, "")
    .trim();
  return {
    title: lines[0]!.trim(),
    name: /^# @name (\w+)$/m.exec(comments)?.[1],
    status: Number(/^# (\d{3})\b/m.exec(comments)?.[1]) || undefined,
    method,
    url,
    headers: Object.fromEntries(headers.map(([, name, value]) => [name!, value!])),
    body: body === "" ? undefined : body,
  };
}

/** An answer of the server, its body parsed where it is JSON. */
export interface FileAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Sends the requests of a file one after the other, keeping cookies and answers as the REST Client does. */
export class HttpRunner {
  readonly #variables: ReadonlyMap<string, string>;
  readonly #bodies = new Map<string, unknown>();
  readonly #cookies = new Map<string, string>();

  /** `variables` come before the file's own. */
  constructor(file: HttpFile, variables: Readonly<Record<string, string>>) {
    this.#variables = new Map([...file.variables, ...Object.entries(variables)]);
  }

  async send(request: FileRequest): Promise<FileAnswer> {
    const headers = Object.entries(request.headers).map(
      ([name, value]) => [name, this.#fill(value)] as [string, string],
    );
    if (this.#cookies.size > 0)
      headers.push(["Cookie", [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ")]);
    const response = await fetch(this.#fill(request.url), {
      method: request.method,
      headers,
      ...(request.body !== undefined && { body: this.#fill(request.body) }),
    });
    this.#keepCookies(response);
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    const json = text !== "" && /^application\/([a-z]+\+)?json\b/.test(type);
    const body: unknown = json ? JSON.parse(text) : text;
    if (request.name !== undefined) this.#bodies.set(request.name, body);
    return { status: response.status, headers: response.headers, body };
  }

  #keepCookies(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === "" || /max-age=0/i.test(line)) this.#cookies.delete(name!);
      else this.#cookies.set(name!, value!);
    }
  }

  #fill(text: string): string {
    return text.replaceAll(/\{\{(.+?)\}\}/g, (_, expression: string) => this.#value(expression.trim()));
  }

  #value(expression: string): string {
    const time = /^\$timestamp(?: (-?\d+) m)?$/.exec(expression);
    if (time !== null) return String(Math.floor(Date.now() / 1000) + Number(time[1] ?? 0) * 60);
    const variable = this.#variables.get(expression);
    if (variable !== undefined) return this.#fill(variable);
    const [, name, path] = /^(\w+)\.response\.body\.\$\.(.+)$/.exec(expression) ?? [];
    if (name === undefined) throw new Error(`nothing is called {{${expression}}}`);
    const value = path!
      .split(".")
      .reduce<unknown>((held, key) => (held as Record<string, unknown>)[key], this.#bodies.get(name));
    if (typeof value !== "string") throw new Error(`{{${expression}}} is no text`);
    return value;
  }
}
