import { conforms } from "./conformance.ts";

conforms("bun:sqlite");
