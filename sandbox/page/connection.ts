import type { LiveStatus } from "@bepalo/query/client/live";
import { find } from "./dom.ts";

const place = find(document, "#connection", HTMLElement);

/** Says whether what is shown is kept as it is on the server. */
export function showConnection(status: LiveStatus): void {
  const wasLost = place.dataset["status"] === "disconnected";
  place.dataset["status"] = status;
  place.textContent = status === "live" ? (wasLost ? "Live again" : "Live") : TEXTS[status];
}

const TEXTS = {
  connecting: "",
  disconnected: "Disconnected: what is shown may be out of date",
  ended: "Not live",
};
