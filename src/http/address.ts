/** Where the resources of a route are. */
export interface Mount {
  /** The name of the path parameter that holds the resource, where the server parses paths. */
  readonly idParam: string;
  /** What may stand before the resource, where it does not: empty, or a path that begins with a slash and ends with none. */
  readonly basePaths: readonly string[];
}

/**
 * The resource a request names: the server's own path parameter, else the one segment behind a base path. Nothing else
 * leads to it, so that a proxy may judge by the path. One slash may follow. `undefined` for every other path.
 */
export function resourceOf(request: Request, { idParam, basePaths }: Mount): string | undefined {
  const { params } = request as { params?: Readonly<Record<string, string | undefined>> };
  const named = params?.[idParam];
  if (named !== undefined) return named;
  const segment = behindBase(pathOf(request.url), basePaths)?.replace(/\/$/, "");
  return segment === undefined || segment === "" || segment.includes("/") ? undefined : decoded(segment);
}

/** What a path names first where it goes on behind that: the resource that somebody looks for a row of. */
export function parentOf(path: string, basePaths: readonly string[]): string | undefined {
  const [first, ...others] = behindBase(path, basePaths)?.split("/") ?? [];
  return first !== undefined && first !== "" && others.length > 0 ? decoded(first) : undefined;
}

/** What stands in a path behind the slash of a base path. */
function behindBase(path: string, basePaths: readonly string[]): string | undefined {
  const basePath = basePaths.find((base) => path.startsWith(`${base}/`));
  return basePath === undefined ? undefined : path.slice(basePath.length + 1);
}

/** A segment of a path as it is meant; one that is no encoding is meant as it is written. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The path of an absolute URL, as it was written. */
export function pathOf(url: string): string {
  const query = url.search(/[?#]/);
  const path = query < 0 ? url : url.slice(0, query);
  const start = path.indexOf("/", path.indexOf("://") + 3);
  return start < 0 ? "" : path.slice(start);
}

/** The query of a URL, as it was written, with its question mark. */
export function searchOf(url: string): string {
  const start = url.indexOf("?");
  if (start < 0) return "";
  const hash = url.indexOf("#", start);
  return hash < 0 ? url.slice(start) : url.slice(start, hash);
}

/** The base path an author wrote, without the slash at its end; without one `/query`, or none as frameworks leave it. */
export function readBasePaths(basePath?: string): readonly string[] {
  if (basePath === undefined) return ["/query", ""];
  if (!/^\/[^?#]*$/.test(basePath))
    throw new RangeError('basePath: expected a path that begins with a slash, as "/query" or "/"');
  return [basePath.replace(/\/$/, "")];
}
