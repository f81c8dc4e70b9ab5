/*
 * One who asks politely, a hundred times a second, one question after the other: `bun bench/live/polite.ts <url> <seconds>`
 * prints how long the median and the 99th of a hundred waited, in milliseconds.
 */
import { AUTHORS } from "./table.ts";

const [, , url, seconds] = process.argv;
const took: number[] = [];
const end = performance.now() + Number(seconds) * 1_000;
for (let n = 0; performance.now() < end; n++) {
  const began = performance.now();
  const response = await fetch(`${url}posts?select=(where:(authorId:${n % AUTHORS}),limit:20)`);
  await response.text();
  took.push(performance.now() - began);
  await Bun.sleep(10);
}
took.sort((a, b) => a - b);
const at = (part: number): string => took[Math.floor(took.length * part)]!.toFixed(1);
console.log(`${at(0.5)} / ${at(0.99)}`);
