import type { SqlType } from "./type.ts";

/** An IPv4 or IPv6 address, with or without the length of its network. */
export const fitAddress = (text: string): string | undefined =>
  readNetwork(text) === undefined ? undefined : text;

/** The same without a bit set to the right of the network's length. */
export function fitNetwork(text: string): string | undefined {
  const network = readNetwork(text);
  if (network === undefined) return undefined;
  const { bytes, length } = network;
  const host = bytes.some((byte, index) => (byte & (0xff >> clamp(length - index * 8))) !== 0);
  return host ? undefined : text;
}

const clamp = (bits: number): number => Math.min(Math.max(bits, 0), 8);

/** A MAC address of so many bytes, its pairs of digits apart by colons or hyphens; one of six bytes becomes one of eight. */
export function fitHardware(bytes: 6 | 8): (text: string, type: SqlType) => string | undefined {
  const pattern = bytes === 6 ? MAC : MAC8;
  return (text) => (pattern.test(text) ? text : undefined);
}

const MAC = /^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})$/i;
const MAC8 =
  /^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5}|(?::[0-9a-f]{2}){7}|(?:-[0-9a-f]{2}){7})$/i;

interface Network {
  readonly bytes: readonly number[];
  readonly length: number;
}

function readNetwork(text: string): Network | undefined {
  const [, address, suffix] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  if (address === undefined) return undefined;
  const bytes = address.includes(":") ? readV6(address) : readV4(address);
  if (bytes === undefined) return undefined;
  const length = suffix === undefined ? bytes.length * 8 : Number(suffix);
  return length <= bytes.length * 8 ? { bytes, length } : undefined;
}

function readV4(text: string): readonly number[] | undefined {
  const parts = text.split(".");
  const valid = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part));
  const bytes = parts.map(Number);
  return valid && bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** An IPv6 address: eight groups, of which `::` leaves out one or more, and the last two may be written as IPv4. */
function readV6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = [readGroups(halves[0]!), readGroups(halves[1] ?? "")];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : undefined;
  // IPv4 stands at the end only.
  if (halves[0]!.includes(".") || missing < 2) return undefined;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

function readGroups(text: string): readonly number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff);
    else {
      const v4 = index === groups.length - 1 ? readV4(group) : undefined;
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    }
  }
  return bytes;
}
