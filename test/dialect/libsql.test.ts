import { conforms } from "./conformance.ts";

conforms("libsql file");
conforms("libsql memory");
