import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** What a page downloads of an entry of the package. */
export interface Bundle {
  /** The files it is made of. */
  readonly inputs: readonly string[];
  readonly minified: number;
  readonly gzipped: number;
}

/** Bundles an entry for browsers, minified, as a page would have it; without React, which such a page has. */
export async function bundle(entry: string): Promise<Bundle> {
  const built = await Bun.build({
    entrypoints: [join(root, entry)],
    target: "browser",
    minify: true,
    metafile: true,
    root,
    external: ["react"],
  });
  const code = new Uint8Array(await built.outputs[0]!.arrayBuffer());
  return {
    inputs: Object.keys(built.metafile!.inputs).map((path) => join(process.cwd(), path)),
    minified: code.byteLength,
    gzipped: Bun.gzipSync(code).byteLength,
  };
}
