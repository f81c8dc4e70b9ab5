const SECRETS: ReadonlySet<string> = new Set(
  "password passwd passphrase pwd secret token hash salt otp apikey privatekey credential".split(" "),
);

/** Whether a column's name speaks of a secret: one of its words does, or two of them together. */
export function looksSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?<=.{3})s$/, ""));
  return words.some((word, index) => SECRETS.has(word) || SECRETS.has(word + (words[index + 1] ?? "")));
}
