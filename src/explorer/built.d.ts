/** What `build.ts` makes of `page/`: a whole page, which loads nothing. */
export const page: string;
/** The hashes of its script and of its style, as a policy names them. */
export const script: string;
export const style: string;
