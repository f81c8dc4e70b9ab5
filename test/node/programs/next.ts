import { query } from "./query";

export { query as GET, query as HEAD, query as POST, query as PATCH, query as DELETE, query as OPTIONS };
