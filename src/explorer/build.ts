import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Makes one page of `page/`, as a module beside this file that any runtime and any bundler loads; with an argument, in
// that folder instead.

const MODULE = "built.js";

/** @throws Error for what does not bundle. */
async function bundled(entry: string): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, "page", entry)],
    target: "browser",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const [output, other] = outputs;
  if (output === undefined || other !== undefined) throw new Error(`${entry} is to become one file`);
  return (await output.text()).trim();
}

/**
 * The text of an element as it will be read from the page.
 *
 * @throws Error for one that a parser of HTML would read otherwise, so that its hash were another.
 */
function within(element: "script" | "style", text: string): string {
  const safe = element === "script" ? text.replaceAll(/<(?=\/script|!--)/gi, "\\x3c") : text;
  if (/\r|\0/.test(safe) || safe.toLowerCase().includes(`</${element}`))
    throw new Error(`the page's ${element} cannot stand in HTML as it is`);
  return safe;
}

const hashOf = (text: string): string =>
  `sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}`;

const style = within("style", await bundled("style.css"));
const script = within("script", await bundled("main.tsx"));
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Explorer</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="explorer"></div>
<noscript>The explorer is a program: it needs JavaScript.</noscript>
<script type="module">${script}</script>
</body>
</html>
`;

const folder = process.argv[2] ?? import.meta.dir;
const members = { page, script: hashOf(script), style: hashOf(style) };
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, MODULE),
  Object.entries(members)
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`)
    .join(""),
);
const kilobytes = (Bun.gzipSync(page).byteLength / 1024).toFixed(0);
console.log(`the explorer's page is made: ${kilobytes} KB to download`);
