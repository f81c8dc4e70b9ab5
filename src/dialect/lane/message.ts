import type { LaneAnswer } from "../contract.ts";

/** The drivers whose statements run in this process, by the names of Drizzle's modules for them. */
export type Driver = "bun-sqlite" | "better-sqlite3" | "libsql";

/** Where a process of the lane opens its connection, and how. */
export interface Place {
  readonly driver: Driver;
  /** The path of the file. */
  readonly file: string;
  /** Which file that is: another that is put in its place later has another. */
  readonly identity: string;
  /** Where the module is that opens a connection as the application does. */
  readonly open: string | undefined;
  /** Whether whole numbers answer as bigints. */
  readonly bigints: boolean;
}

/** How a process is begun: where its connection is, and the folder that the application works in. */
export interface Begin {
  readonly place: Place;
  readonly folder: string;
}

/** One statement. */
export interface Question {
  readonly text: string;
  readonly values: readonly unknown[];
  /** The most bytes of its rows. */
  readonly most?: number | undefined;
}

/** What a process is sent: how to begin, then one question after another. */
export type Sent = Begin | Question;

/** What a process says: that it is ready, and how its connection is set; that it cannot be; or what came of a question. */
export type Said =
  | { readonly ready: Look }
  | { readonly cannot: string }
  | LaneAnswer
  | { readonly fault: Fault };

/** How a connection is set, as far as it changes answers without a word. */
export interface Look {
  readonly settings: string;
  readonly functions: string;
  /** Whether whole numbers answer as bigints. */
  readonly bigints: boolean;
}

/** What is told of a driver's error. */
export interface Fault {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly extendedCode?: unknown;
}

/** By which word a process knows that it is one of the lane. */
export const LANE = "--bepalo-query-lane";
