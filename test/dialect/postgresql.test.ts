import { conforms } from "./conformance.ts";

conforms("PGlite");
conforms("bun-sql");
conforms("postgres-js");
conforms("node-postgres");
