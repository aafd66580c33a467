/** How many galaxies lie in each cell of a map, and their mean level, as a picture. */

const FEW = 100_000;

/**
 * The cells as bytes: logarithm of the count (0 to 255), level, and 255 where galaxies lie.
 *
 * Levels of classes have no mean: a cell has that of one of its galaxies.
 */
export function densityCells(galaxies, hasClasses) {
  const side = galaxies.n > FEW ? 1024 : 512;
  const shift = galaxies.n > FEW ? 6 : 7;
  const counts = new Uint32Array(side * side);
  const known = new Uint32Array(side * side);
  const sums = new Float64Array(side * side);
  for (let i = 0; i < galaxies.n; i++) {
    const cell = (galaxies.xy[2 * i + 1] >> shift) * side + (galaxies.xy[2 * i] >> shift);
    counts[cell]++;
    const level = galaxies.level[i];
    if (!level) continue;
    known[cell] = hasClasses ? 1 : known[cell] + 1;
    sums[cell] = hasClasses ? level : sums[cell] + level;
  }
  const most = Math.log1p(highest(counts));
  const cells = new Uint8Array(4 * side * side);
  for (let i = 0; i < counts.length; i++) {
    if (!counts[i]) continue;
    cells[4 * i] = Math.min(255, Math.round((255 * Math.log1p(counts[i])) / most));
    cells[4 * i + 1] = known[i] ? Math.round(sums[i] / known[i]) : 0;
    cells[4 * i + 2] = 255;
    cells[4 * i + 3] = 255;
  }
  return { side, cells };
}

/** The count that one cell in a hundred exceeds. */
function highest(counts) {
  const found = counts.filter((count) => count > 0).sort();
  return Math.max(2, found[Math.floor(0.99 * (found.length - 1))] ?? 2);
}
