import { unreachable } from "../matrix/matrix.ts";
import { costs, looksSecret, placedRules, type Registry, suspicions } from "../policy/policy.ts";
import { traitsOf } from "../request/request.ts";
import { type Command, Failure, type Outcome } from "./command.ts";
import { loadApi } from "./load.ts";
import { rulesOf } from "./rules.ts";

/** What was found, and what kind of thing it is. */
interface Finding {
  readonly kind: "mistake" | "suspicion" | "unreachable" | "secret" | "unlimited" | "slow";
  /** Where it is, and what. */
  readonly sentence: string;
}

export const lintCommand: Command = {
  name: "lint",
  says: "mistakes and suspicions in an access-control file, with their places",
  takes: "<module>",
  options: { deny: { says: "fails for whatever is found, as CI wants it; without it for mistakes only" } },
  more: "The module is run as code. No database is needed: what indexes there are, the schema says.",
  async run({ positionals: [path], flag }) {
    const findings = await findingsOf(path);
    const mistaken = findings.some(({ kind }) => kind === "mistake");
    return told(findings, mistaken || (flag("deny") && findings.length > 0));
  },
};

async function findingsOf(path: string | undefined): Promise<readonly Finding[]> {
  const api = await loadApi(path);
  let rules;
  try {
    rules = rulesOf(api);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return mistakesIn(error.message);
  }
  const { registry, catalog } = rules;
  const of = (kind: Finding["kind"], sentences: Iterable<string>): Finding[] =>
    [...sentences].map((sentence) => ({ kind, sentence }));
  return [
    ...of("suspicion", suspicions(registry, catalog, true)),
    ...of(
      "unreachable",
      unreachable(registry).map(
        (place) => `${place}: it answers nobody: others always come first, or it lets nothing out`,
      ),
    ),
    ...of("secret", secrets(registry)),
    ...of("unlimited", unlimited(registry)),
    ...of("slow", costs(registry)),
  ];
}

/** Each mistake stands in a line of its own. */
const mistakesIn = (message: string): readonly Finding[] => {
  const [head, ...lines] = message.split("\n");
  return (lines.length > 0 ? lines : [head!]).map((line) => ({ kind: "mistake", sentence: line.trim() }));
};

/** Columns that look like secrets and are named one by one: those that come with all others are suspicions. */
function* secrets(registry: Registry): Iterable<string> {
  for (const { path, policy } of placedRules(registry))
    for (const name of policy.selectsAll ? [] : policy.readable.keys())
      if (looksSecret(name)) yield `${path}.select: \`${name}\` looks like a secret, and is let out`;
}

/** Changes that nothing keeps from reaching every row that their rule admits. */
function* unlimited(registry: Registry): Iterable<string> {
  for (const { path, method, policy } of placedRules(registry)) {
    const { action } = traitsOf(method);
    if (action !== "update" && action !== "delete") continue;
    if (policy.requireWhere === false && !Number.isFinite(policy.maxAffected))
      yield `${path}: one request may reach every row that it admits; write \`requireWhere\` or \`maxAffected\``;
  }
}

function told(findings: readonly Finding[], fails: boolean): Outcome {
  const lines = findings.map(({ kind, sentence }) => `${kind.padEnd(11)}  ${sentence}`);
  const sum = findings.length === 0 ? "nothing was found" : `${findings.length} found`;
  return { code: fails ? 1 : 0, text: [...lines, sum].join("\n"), json: { findings } };
}
