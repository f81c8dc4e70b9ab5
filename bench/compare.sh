#!/usr/bin/env bash
# One bench file on two states of the source, in turns: a fresh process each time, the order reversed every round, medians.
#   bench/compare.sh <before> <after> <bench file> [rounds] [argument of the bench file]…
# A state is a git ref, or `.` for the working tree as it is. Both run the working tree's bench/.
set -euo pipefail
if (($# < 3)); then
  sed -n '2,4p' "$0" >&2
  exit 64
fi
root=$(cd "$(dirname "$0")/.." && pwd)
before=$1 after=$2 file=$(basename "$3") rounds=${4:-7}
shift $(($# < 4 ? $# : 4))

work=$(mktemp -d)
clean() {
  for tree in "$work"/tree-*; do
    [[ -d $tree ]] && git -C "$root" worktree remove --force "$tree"
  done
  rm -rf "$work"
  git -C "$root" worktree prune
}
trap clean EXIT

# Prints the folder of a state.
checkout() {
  if [[ $2 == . ]]; then
    printf '%s\n' "$root"
    return
  fi
  local tree=$work/tree-$1
  git -C "$root" worktree add --quiet --detach "$tree" "$2" >&2
  ln -s "$root/node_modules" "$tree/node_modules"
  rm -rf "$tree/bench"
  cp -r "$root/bench" "$tree/bench"
  cp "$root/tsconfig.json" "$tree/tsconfig.json"
  printf '%s\n' "$tree"
}

declare -A tree
tree[before]=$(checkout before "$before")
tree[after]=$(checkout after "$after")
bun=$root/node_modules/.bin/bun

for ((round = 1; round <= rounds; round++)); do
  order=(before after)
  ((round % 2)) || order=(after before)
  for name in "${order[@]}"; do
    printf '%s ' "$round/$rounds $name" >&2
    (cd "${tree[$name]}" && "$bun" "bench/$file" "$@") >"$work/$name.$round.txt"
  done
done
printf '\n%s: before is %s, after is %s, median of %s processes each\n' "$file" "$before" "$after" "$rounds"

# Every number of every line that has numbers with a fraction (those are measured), keyed by the text around them.
"$bun" -e '
  const [folder, rounds] = process.argv.slice(1);
  const { readFileSync } = require("node:fs");
  const NUMBER = /\b\d[\d,]*\.\d+\b/g;
  const read = (name) => {
    const lines = new Map();
    for (let round = 1; round <= Number(rounds); round++) {
      const seen = new Map();
      for (const line of readFileSync(`${folder}/${name}.${round}.txt`, "utf8").split("\n")) {
        const numbers = (line.match(NUMBER) ?? []).map((text) => Number(text.replaceAll(",", "")));
        if (numbers.length === 0 || /^Bun|^Node/.test(line)) continue;
        const text = line.replace(NUMBER, "#").replace(/\s+/g, " ").trim();
        const nth = (seen.get(text) ?? 0) + 1;
        seen.set(text, nth);
        const key = `${text} (${nth})`;
        lines.set(key, [...(lines.get(key) ?? []), numbers]);
      }
    }
    return lines;
  };
  const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
  const middle = (all) => all[0].map((_, i) => median(all.map((numbers) => numbers[i])));
  const [before, after] = [read("before"), read("after")];
  for (const [key, all] of before) {
    if (!after.has(key)) continue;
    const now = middle(after.get(key));
    const cells = middle(all).map((was, i) => `${was} → ${now[i]} (${(now[i] / was).toFixed(2)}×)`);
    console.log(key.replace(/ \(1\)$/, "").padEnd(70), cells.join("   "));
  }
' "$work" "$rounds"
