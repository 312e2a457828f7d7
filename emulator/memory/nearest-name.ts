/** Suggestions for a mistyped name: the candidates that are nearest to it by edits, or that contain it. */

const SUGGESTIONS_MAX = 3;

/**
 * @returns up to three candidates, nearest first; none when nothing is near.
 */
function nearestNames(word: string, candidates: readonly string[]): string[] {
  const wanted = word.toLowerCase();
  const editsMax = Math.max(1, Math.floor(wanted.length / 3));
  const ranked: { name: string; rank: number }[] = [];
  for (const name of candidates) {
    const candidate = name.toLowerCase();
    const edits = editDistance(wanted, candidate);
    if (wanted !== '' && candidate.includes(wanted)) ranked.push({ name, rank: 0 });
    else if (edits <= editsMax) ranked.push({ name, rank: edits });
  }
  ranked.sort((a, b) => a.rank - b.rank || a.name.length - b.name.length);
  return ranked.slice(0, SUGGESTIONS_MAX).map(({ name }) => name);
}

/** `; did you mean 'a' or 'b'?`, or nothing: the tail of an error sentence. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const names = nearestNames(word, candidates).map((name) => `'${name}'`);
  return names.length === 0 ? '' : `; did you mean ${names.join(' or ')}?`;
}

/** Insertions, deletions, replacements and exchanges of neighbours from `a` to `b` (Wagner and Fischer's table, two rows kept). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = cell(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const areExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const exchanged = areExchanged ? cell(before, j - 2) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(replaced, exchanged, cell(row, j) + 1, cell(next, j - 1) + 1));
    }
    before = row;
    row = next;
  }
  return cell(row, b.length);
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
