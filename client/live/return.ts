/**
 * Tells when the page is seen again, or online again; gives what ends that. Where there is no page nothing is told.
 */
export function onReturn(listener: (online: boolean) => void): () => void {
  const { document: page } = globalThis as { readonly document?: Document };
  if (page === undefined) return () => undefined;
  const online = (): void => listener(true);
  const seen = (): void => {
    if (page.visibilityState === "visible") listener(false);
  };
  addEventListener("online", online);
  page.addEventListener("visibilitychange", seen);
  return () => {
    removeEventListener("online", online);
    page.removeEventListener("visibilitychange", seen);
  };
}
