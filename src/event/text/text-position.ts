/** Positions in a text, as people count them. */

/** A line and a column, both counted from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** @param at the character, counted from 0. */
export function positionIn(text: string, at: number): TextPosition {
  const before = text.slice(0, Math.max(0, at)).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
