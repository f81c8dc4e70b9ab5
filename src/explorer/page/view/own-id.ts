import { useState } from "preact/hooks";

let made = 0;

/** An id that nothing else on the page has. Preact's own begins anew with each root that is rendered. */
export const useOwnId = (): string => useState(() => `own-${++made}`)[0];
