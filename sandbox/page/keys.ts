/**
 * The key of what is to be written once: the same for the same values, however often they are sent, until that is done.
 * So neither a double click nor a second try after a lost connection writes it twice.
 */
export function createKeys() {
  let known = "";
  let key = "";
  return {
    keyOf(values: object): string {
      const text = JSON.stringify(values);
      if (text !== known) [known, key] = [text, random()];
      return key;
    },
    done(): void {
      known = "";
    },
  };
}

/** Not `crypto.randomUUID`, which only pages of a secure origin have. */
const random = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
