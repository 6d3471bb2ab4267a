/** Values of a line that have none beside them: there is nothing to draw a line to, so they need a mark. */

/** @returns their indexes. @example findLonePoints([null, 7, null, 1, 2]) // [1] */
export function findLonePoints(values: readonly (number | null)[]): number[] {
  const has = (index: number): boolean => (values[index] ?? null) !== null;
  return [...values.keys()].filter(index => has(index) && !has(index - 1) && !has(index + 1));
}
