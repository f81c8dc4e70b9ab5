// What a page has that keeps answers true.
export * from "../../client/index.ts";
export * from "../../client/live.ts";
