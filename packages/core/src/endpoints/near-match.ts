/** The candidate that `word` was probably meant to be: at most two letters wrong, or a part of it; case does not count. */
export function nearMatch(word: string, candidates: readonly string[]): string | undefined {
  // Longer words are no typing mistakes, and the table below is quadratic.
  if (word.length > 40) return undefined;
  const wanted = word.toLowerCase();
  const allowed = wanted.length <= 3 ? 1 : 2;
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const isPart = wanted.length >= 4 && (known.includes(wanted) || wanted.includes(known));
    const distance = isPart ? allowed : editDistance(wanted, known);
    if (distance <= allowed && (!best || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Letters wrong, missing, too many or swapped with the next one; a row of the table at a time. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : replaced;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
