import { describe, expect, test } from "bun:test";
import { createQueryClient } from "../../../client/index.ts";
import { FORMS, type Form, read, write } from "../../../src/explorer/page/model/forms.ts";
import { type Asked, normal, placeOf, type Place } from "../../../src/explorer/page/model/request.ts";
import { Dice } from "../../support/dice.ts";

const PLACE: Place = { origin: "http://localhost:4000", base: "/query" };

/** Texts that are something else in one of the forms. */
const TEXTS = [
  "",
  "a",
  "Fig",
  "true",
  "it's",
  'say "it\'s `so`"',
  "back\\slash\\",
  "a&b=c#d?e%41+f",
  "line\nbreak\r\n\ttab",
  "$(rm -rf ~) `id` $HOME !!",
  "</script><img src=x onerror=alert(1)>",
  "${value}",
  "{[]}",
  "grüße 🍐 \u2028",
  "\0\u0001",
  "\u007f\u007f'; id #\u009b31m",
  "### GET",
  "-1",
  "1e5",
  "(a:T)",
  "~T(a)~",
] as const;
const NUMBERS = [0, 1, -1, 1.5, 10_000, 123_456_789_012, 1e21, -2.5e-7, 0.1] as const;
const NAMES = [
  "id",
  "name",
  "authorId",
  "a",
  "with space",
  "dotted.name",
  "it's",
  "ключ",
  "$weird",
  "0x",
] as const;

class Asking {
  readonly #dice: Dice;
  constructor(seed: number) {
    this.#dice = new Dice(seed);
  }

  value(depth = 2, json = false): unknown {
    const dice = this.#dice;
    const kind = dice.between(0, depth > 0 ? 7 : 4);
    if (kind === 0) return dice.pick(NUMBERS);
    if (kind === 1) return dice.chance(0.5);
    if (kind === 2) return json ? null : dice.pick([null, undefined, Number.NaN, Infinity, -Infinity, -0]);
    if (kind < 5) return dice.pick(TEXTS);
    if (kind === 5) return Array.from({ length: dice.between(0, 3) }, () => this.value(depth - 1, json));
    return this.map(() => this.value(depth - 1, json));
  }

  map(value: () => unknown): Record<string, unknown> {
    return Object.fromEntries(this.#dice.some(NAMES, 0.25).map((name) => [name, value()]));
  }

  filter(depth = 2): unknown {
    const dice = this.#dice;
    if (depth > 0 && dice.chance(0.3))
      return Array.from({ length: dice.between(1, 2) }, () => this.filter(depth - 1));
    return {
      ...this.map(() => this.value(1)),
      ...(depth > 0 &&
        dice.chance(0.3) && { [dice.pick(["AND", "OR", "NOT", "fruit.some"])]: this.filter(depth - 1) }),
    };
  }

  node(depth = 2): Record<string, unknown> {
    const dice = this.#dice;
    const flags = () => this.map(() => true);
    const parts: Record<string, () => unknown> = {
      columns: () => dice.pick([true, false, flags(), this.map(() => dice.chance(0.5))]),
      where: () => this.filter(),
      orderBy: () => this.map(() => dice.pick(["asc", "desc", 1, -1, { sort: "asc", nulls: "last" }])),
      limit: () => dice.between(0, 100_000),
      search: () => dice.pick(TEXTS),
      count: () => dice.pick([flags(), this.map(() => ({ relation: "fruit", where: this.filter(1) }))]),
      with: () => (depth > 0 ? this.map(() => dice.pick([true, false, this.node(depth - 1)])) : flags()),
    };
    return Object.fromEntries(dice.some(Object.keys(parts), 0.35).map((key) => [key, parts[key]!()]));
  }

  aggregate(): Record<string, unknown> {
    const dice = this.#dice;
    return {
      ...(dice.chance(0.5) && { count: dice.pick([true, this.map(() => true)]) }),
      ...(dice.chance(0.5) && { sum: this.map(() => true) }),
      ...(dice.chance(0.5) && { groupBy: dice.some(NAMES, 0.3), having: this.filter(1), timeZone: "+02:00" }),
    };
  }

  parameters(): Record<string, string> {
    const dice = this.#dice;
    const flags = dice.some(["countTotal", "countFiltered", "can", "cursor", "findFirst"], 0.3);
    return {
      ...Object.fromEntries(flags.map((name) => [name, dice.pick(["", "", "F", "maybe"])])),
      ...(dice.chance(0.2) && { onConflict: dice.pick(["(target:_(email)_)", "( target : N )", "("]) }),
      ...(dice.chance(0.3) && { org: dice.pick(TEXTS.filter((text) => !["true", "a"].includes(text))) }),
    };
  }

  asked(): Asked {
    const dice = this.#dice;
    const method = dice.pick(["GET", "GET", "POST", "PATCH", "DELETE"] as const);
    const numbers = method === "GET" && dice.chance(0.3);
    return normal({
      method,
      resource: dice.pick(["fruits", "user", "my posts", "a.b", "größe", "it's", "x'$(id)"]),
      parameters: this.parameters(),
      ...(dice.chance(0.3) && { scope: dice.pick(["mine", "guest", "mine|guest"] as const) }),
      ...(numbers ? { aggregate: this.aggregate() } : { select: this.node() }),
      ...(dice.chance(0.8) && { body: this.value(3, true) }),
      ...(dice.chance(0.4) && { ifVersion: dice.pick(["*", [0], [7], [7, 8]] as const) }),
      ...(dice.chance(0.3) && { dryRun: true }),
    });
  }
}

/** What a form does not say is taken from before. */
function beforeOf(form: Form, question: Asked): Asked {
  const nothing: Asked = {
    method: "GET",
    resource: "other",
    parameters: { other: "1" },
    select: { limit: 7 },
  };
  if (form === "url") {
    const { method, body, ifVersion, dryRun } = question;
    const how = { ...(ifVersion !== undefined && { ifVersion }), ...(dryRun && { dryRun }) };
    return { ...nothing, method, ...(body !== undefined && { body }), ...how };
  }
  if (form !== "rjson") return nothing;
  const { select: _, ...others } = question;
  return question.aggregate === undefined
    ? { ...others, select: { limit: 7 } }
    : { ...others, aggregate: { sum: {} } };
}

describe.each([...FORMS])("%s", (form) => {
  test("what is written is read back, whatever it asks", () => {
    for (let seed = 1; seed <= 1_500; seed++) {
      const question = new Asking(seed).asked();
      const text = write(form, question, PLACE);
      const back = read(form, text, beforeOf(form, question));
      expect({ seed, text, back }).toEqual({ seed, text, back: { asked: question } });
    }
  });

  test("what is cut off anywhere is read, or is a problem with its place, and never an accident", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const question = new Asking(seed).asked();
      const text = write(form, question, PLACE);
      for (let end = 0; end < text.length; end += 3) {
        const back = read(form, text.slice(0, end), question);
        if ("problem" in back) {
          expect(back.problem.message).not.toBe("");
          if (back.problem.at !== undefined) expect(back.problem.at).toBeLessThanOrEqual(text.length);
        }
      }
    }
  });
});

const fruits: Asked = {
  method: "GET",
  resource: "fruits",
  parameters: { countTotal: "" },
  select: {
    columns: { name: true, sweetness: true },
    where: { "name.like": "P%" },
    orderBy: { sweetness: "desc" },
    limit: 3,
  },
};
const basket: Asked = {
  method: "PATCH",
  resource: "baskets",
  scope: "mine",
  parameters: {},
  select: { where: { id: "b1" } },
  body: { name: "it's" },
};

describe("each form is what people write", () => {
  test.each([
    [
      "rjson",
      fruits,
      "(columns:~T(name,sweetness)~,where:(name.like:'P%'),orderBy:(sweetness:desc),limit:3)",
    ],
    [
      "url",
      fruits,
      "http://localhost:4000/query/fruits?countTotal&select=(columns:~T(name,sweetness)~,where:(name.like:%27P%25%27),orderBy:(sweetness:desc),limit:3)",
    ],
    [
      "curl",
      basket,
      "curl -X PATCH 'http://localhost:4000/query/baskets?mine&select=(where:(id:%27b1%27))' \\\n  -H 'content-type: application/json' \\\n  --data-raw '{\"name\":\"it'\\''s\"}'",
    ],
    [
      "curl",
      { method: "GET", resource: "fruits", parameters: {} },
      "curl http://localhost:4000/query/fruits",
    ],
    ["client", basket, 'await api.patch("baskets", { name: "it\'s" }, { mine: true, where: { id: "b1" } });'],
    [
      "client",
      { ...fruits, parameters: { findFirst: "" }, select: { limit: 1 } },
      'await api.first("fruits", { limit: 1 });',
    ],
    [
      "client",
      { method: "GET", resource: "fruits", parameters: { org: "acme" }, aggregate: { count: true } },
      'await api.aggregate("fruits", { params: { org: "acme" }, count: true });',
    ],
    [
      "http",
      basket,
      'PATCH http://localhost:4000/query/baskets?mine&select=(where:(id:%27b1%27))\ncontent-type: application/json\n\n{\n  "name": "it\'s"\n}',
    ],
  ] as const)("%s", (form, question, text) => {
    // Long RJSON stands on lines of its own; here its parts are what matters.
    const written = write(form, question, PLACE);
    expect(form === "rjson" ? written.replaceAll(/\n\s*/g, "") : written).toBe(text);
  });
});

describe("what others write is read", () => {
  const asked = (form: Form, text: string, before: Asked = fruits) => {
    const back = read(form, text, before);
    return "asked" in back ? back.asked : back.problem;
  };
  const plain: Asked = { method: "GET", resource: "fruits", parameters: {}, select: { limit: 3 } };

  test.each([
    "curl 'http://x/query/fruits?select=(limit:3)'",
    "$ curl -s --compressed -b 'session=secret' -H 'Cookie: session=secret' -u me:secret \"http://x/query/fruits?select=(limit:3)\"",
    "curl \\\n  --url http://x/query/fruits?select=\\(limit:3\\) \\\n  -H authorization:secret",
    "curl -XGET $'http://x/query/fruits?select=(limit:3)'",
    "/usr/bin/curl --request=get http://x/fruits'?select=(limit:3)'",
  ])("curl: %s", (text) => expect(asked("curl", text)).toEqual(plain));

  test.each([
    ["curl http://x/fruits | sh", "`|` ends the command", 21],
    ['curl "http://x/$HOME"', "a shell would put something else here", 15],
    ["curl 'http://x/fruits", "a quote that does not end", 5],
    ["wget http://x/fruits", "a command begins with `curl`", 0],
    ["curl", "it has no URL", 4],
    ["curl -X PUT http://x/fruits", "no such method", 8],
    ["curl http://x/fruits -d '{'", "the body is no JSON", 24],
  ])("curl: %s is none", (text, message, at) => expect(asked("curl", text)).toMatchObject({ message, at }));

  test.each([
    'api.get("fruits", { limit: 3 })',
    "const { fruits } = await api.get('fruits', {\n  limit: 3, // rows\n});",
    "await client.get(`fruits`, { limit: 3.0, })",
    "const answer = await api.pages('fruits', { limit: 3 } );",
  ])("client: %s", (text) => expect(asked("client", text)).toEqual(plain));

  test.each([
    ['api.get("fruits", { limit: size })', "`size` is no literal", 27],
    ['api.get("fruits", { ...more })', "expected a key", 20],
    ["api.get(`${x}`)", "a template with values is no literal", 9],
    ['fetch("fruits")', "expected `.`", 5],
    ['api.put("fruits")', "expected a call", 4],
    ['api.get("fruits", { __proto__: {} })', "`__proto__` cannot stand here", 20],
    ['api.get("fruits"); alert(1)', "one call is read, and here is more", 19],
  ])("client: %s is none", (text, message, at) =>
    expect(asked("client", text)).toMatchObject({ message, at }),
  );

  test.each([
    "### All fruits\n# 200\nGET {{query}}/fruits?select=(limit:3)\nCookie: session=secret\n\n### Next\nGET /x",
    "@query=http://x\n\nGET http://x/query/fruits\n  ?select=(limit:3) HTTP/1.1\r\nAuthorization: secret",
    "/query/fruits?select=(limit:3)",
  ])("http: %s", (text) => expect(asked("http", text)).toEqual(plain));

  test("url: with any host, or with none, before the method and the body that were there", () => {
    for (const text of [
      "http://evil.example/a/b/fruits?select=(limit:3)#x",
      "fruits?select=(limit:3)",
      " /fruits/?select=%28limit:3%29 ",
    ])
      expect(asked("url", text)).toEqual(plain);
    expect(asked("url", "baskets", basket)).toEqual({
      method: "PATCH",
      resource: "baskets",
      parameters: {},
      body: basket.body,
    });
  });

  test.each([
    ["url", "/query/fruits?select=(limit:3", "unexpected end", 29],
    ["url", "/query/fruits?select=%28limit%3A%5B3", "unexpected `[`", 32],
    ["url", "/query/fruits?select=(limit:3)&select=()", "`select` is written twice", 31],
    ["url", "?a", "it names no resource", 0],
    ["rjson", "(limit:3,limit:4)", "`limit` is written twice in one map", 9],
    ["rjson", "(where:(name:[1]))", "unexpected `[`", 13],
    ["rjson", "_(1)_", "`select` takes a map", 0],
    ["http", "GET http://x/query/fruits?select=(", "unexpected end", 34],
    ["http", "PUT /fruits", "no such method", 0],
    ["http", "PATCH /fruits\nIf-Match: 7", "`If-Match` takes versions", 24],
    ["curl", "curl -X DELETE /fruits -H 'If-Match: W/7'", "`If-Match` takes versions", 37],
    ["client", 'api.delete("fruits", { ifVersion: "7" })', "`ifVersion` takes versions", 21],
    ["http", "DELETE /fruits\nPrefer: tx=maybe", "`tx` takes rollback or commit", 15],
    ["curl", "curl -X DELETE /fruits -H 'Prefer: return=minimal, tx'", "`tx` takes rollback or commit", 27],
    ["client", 'api.delete("fruits", {}, { dryRun: 1 })', "of what goes with a call `dryRun` is read", 25],
    [
      "client",
      'api.delete("fruits", {}, { maxAffected: 1 })',
      "of what goes with a call `dryRun` is read",
      25,
    ],
  ] as const)("%s: %s is none, and says where", (form, text, message, at) =>
    expect(asked(form, text)).toMatchObject({ message, at }),
  );

  test.each([
    ["http", 'DELETE /fruits\nAccept: */*\nPREFER: return=minimal, TX = "Rollback"; x=1'],
    ["http", "DELETE /fruits\nPrefer: handling=strict\nPrefer: tx=rollback"],
    ["http", 'DELETE /fruits\nPrefer: note="a, tx=commit", tx=rollback; why="b; c"'],
    ["http", 'DELETE /fruits\nPrefer: note="\\", tx=commit", tx="rollback"'],
    ["curl", "curl -X DELETE /fruits -H 'Prefer: tx=rollback' -H 'Prefer: tx=commit'"],
    ["client", 'await api.delete("fruits", {}, { dryRun: true },);'],
  ] as const)("%s: %s is tried out", (form, text) =>
    expect(asked(form, text)).toMatchObject({ method: "DELETE", resource: "fruits", dryRun: true }),
  );

  test.each([
    ["http", "DELETE /fruits\nPrefer: tx=commit, tx=rollback"],
    ["http", 'DELETE /fruits\nPrefer: note="a, tx=rollback"'],
    ["http", "GET /fruits\nPrefer: tx=rollback"],
    ["http", "DELETE /fruits\n\nPrefer: tx=rollback"],
    ["client", 'api.delete("fruits", {}, { dryRun: false })'],
    ["client", 'api.delete("fruits", {}, {})'],
    ["client", 'api.delete("fruits", {},)'],
  ] as const)("%s: %s is done, or no write", (form, text) =>
    expect(asked(form, text)).not.toHaveProperty("dryRun"),
  );

  test("nothing is lost of numbers that no double keeps", () => {
    const question = asked("rjson", "(where:(id:12345678901234567890,price:0.1,big:1e400))");
    expect(question).toMatchObject({
      select: { where: { id: "12345678901234567890", price: 0.1, big: "1e400" } },
    });
    const body = asked(
      "http",
      'POST /query/fruits\n\n{"id":12345678901234567890,"price":1.50,"big":[1e400]}',
    );
    const sent = '{"id":12345678901234567890,"price":1.5,"big":[1e400]}';
    expect(JSON.stringify((body as Asked).body)).toBe(sent);
    expect(write("curl", body as Asked, PLACE)).toContain(sent);
    expect(write("client", body as Asked, PLACE)).toContain('id: "12345678901234567890"');
  });
});

test("what is typed is read in time proportional to it, whatever it is", () => {
  const pumps = [
    "(",
    "'",
    "\\",
    "\\\n",
    "%",
    "%41",
    "&a",
    "{a:",
    "[",
    "/*",
    "//\n",
    "\n",
    "~T(",
    "_(",
    "a:",
    "as const ",
    "1e",
    "-",
    "..",
    " ",
  ];
  const begins: Readonly<Record<Form, string>> = {
    rjson: "(a:",
    url: "/query/fruits?select=",
    curl: "curl ",
    client: 'api.get("fruits", ',
    http: "POST /query/fruits\n\n",
  };
  for (const form of FORMS)
    for (const pump of pumps) {
      const text = begins[form] + pump.repeat(Math.ceil(100_000 / pump.length));
      const began = performance.now();
      read(form, text, fruits);
      expect({ form, pump, slow: performance.now() - began > 1_500 }).toEqual({ form, pump, slow: false });
    }
});

test("no form holds who asks, and nothing that is read takes it over", () => {
  const secret =
    "curl http://x/query/fruits -H 'authorization: Bearer s3cret' -b 'a=s3cret' -u 'me:s3cret' --oauth2-bearer s3cret";
  const back = read("curl", secret, fruits);
  expect("asked" in back).toBe(true);
  expect(JSON.stringify(back)).not.toContain("s3cret");
  for (const form of FORMS)
    expect(write(form, (back as { asked: Asked }).asked, PLACE)).not.toMatch(/s3cret|cookie|authorization/i);
});

describe("the forms are what they say", () => {
  test("a command of curl holds no key of a terminal, which would edit the line that it is pasted into", () => {
    const body = { name: "\u007f\u007f'; id #", "\u009b2K": ["\u001b[A", "\b\r\n"] };
    const question: Asked = { method: "POST", resource: "a\u007f\u009b", parameters: { b: "\u007f" }, body };
    const command = write("curl", question, PLACE);
    expect(command.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    const back = read("curl", command, normal(question));
    expect("asked" in back && back.asked.body).toEqual(body);
  });

  test("a command of curl is one word for each, as a shell reads it", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const question = new Asking(seed).asked();
      if (JSON.stringify(question.body)?.includes("\\u0000")) continue;
      const text = write("curl", question, PLACE).replace("curl", "printf '%s\\n<end>\\n'");
      const { stdout, stderr } = Bun.spawnSync(["bash", "-c", text]);
      expect(stderr.toString()).toBe("");
      const words = stdout.toString().split("\n<end>\n").slice(0, -1);
      expect(words).toContain(write("url", question, PLACE));
      if (question.body !== undefined)
        expect(JSON.stringify(JSON.parse(words.at(-1)!))).toBe(JSON.stringify(question.body));
    }
  });

  test("a call of the client sends what the URL says", async () => {
    let sent = "";
    let preferred = "";
    const api = createQueryClient("http://localhost:4000", {
      fetch: async (url, init) => {
        preferred = new Headers(init.headers).get("prefer") ?? "";
        sent =
          `${init.method ?? "GET"} ${decodeURIComponent(url)} ${typeof init.body === "string" ? init.body : ""}`.trim();
        return Response.json({});
      },
    });
    for (const question of [
      fruits,
      basket,
      { ...fruits, parameters: { findFirst: "", org: "acme" } },
      {
        method: "POST",
        resource: "baskets",
        parameters: { onConflict: "(target:_('name')_)" },
        body: [{ name: "x" }],
      },
      {
        method: "POST",
        resource: "baskets",
        parameters: { onConflict: "(target:_('name')_,ignore:T)" },
        body: { name: "x" },
        dryRun: true,
      },
      { method: "DELETE", resource: "baskets", parameters: {}, dryRun: true },
      {
        method: "GET",
        resource: "fruits",
        parameters: {},
        aggregate: { count: true, groupBy: ["basket.name"] },
      },
    ] as const satisfies readonly Asked[]) {
      const code = write("client", question, PLACE).replace("await", "return await");
      // oxlint-disable-next-line typescript/no-implied-eval -- code that is written for people is to run
      await new Function("api", `return (async () => { ${code} })()`)(api);
      const method = sent.slice(0, sent.indexOf(" "));
      const [, url, ...rest] = sent.split(/ (?=http|[[{])/);
      expect(method).toBe(question.method);
      expect(preferred).toBe("dryRun" in question ? "tx=rollback" : "");
      const back = read("url", url!, question);
      expect(back).toEqual({ asked: question });
      if ("body" in question) expect(JSON.parse(rest.join(" "))).toEqual(question.body);
    }
  });
});

test("the place of a route is what stands before the page's own name", () => {
  const at = (pathname: string) => placeOf({ origin: "http://x", pathname });
  expect(at("/query/$explorer")).toEqual({ origin: "http://x", base: "/query" });
  expect(at("/a/b/%24explorer/")).toEqual({ origin: "http://x", base: "/a/b" });
  expect(at("/$explorer")).toEqual({ origin: "http://x", base: "" });
});
