/** How many letters must be added, left out or changed to get from one word to another; cases do not count. */
export function editDistance(from: string, to: string): number {
  const [left, right] = [from.toLowerCase(), to.toLowerCase()];
  let row = Array.from({ length: right.length + 1 }, (_value, index) => index);
  for (const [index, letter] of [...left].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...right].entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

const MOST_CHANGES = 3;

/**
 * The end of a sentence about a name that nobody knows: most often it is one that was misspelt. A name that differs
 * in more than a third of its letters is another word.
 */
export function suggestion(name: string, known: readonly string[]): string {
  const most = Math.min(MOST_CHANGES, Math.ceil(name.length / 3));
  const [nearest] = known
    .map((each) => ({ each, distance: editDistance(name, each) }))
    .filter(({ distance }) => distance <= most)
    .sort((left, right) => left.distance - right.distance);
  return nearest === undefined ? '' : `, did you mean "${nearest.each}"?`;
}
