/** The part of Node's `stat` that is used here. */
type Stat = (path: string, options: { bigint: true }) => { readonly dev: bigint; readonly ino: bigint };

/** Which file stands at a path: another that is put there later has another identity. */
export function identityOf(stat: Stat, path: string): string {
  const { dev, ino } = stat(path, { bigint: true });
  return `${dev}:${ino}`;
}
