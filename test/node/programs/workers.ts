import { query } from "./query";

export default { fetch: query };
