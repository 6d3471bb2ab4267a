/** Randomness that is the same for the same seed, so that a demo can be shown twice. */
export interface Dice {
  /** 0 to `sides` - 1. */
  roll(sides: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** Of version 4. */
  uuid(): string;
}

/** The generator is Mulberry32: a counter, and a hash of it. */
export function createDice(seed: number): Dice {
  let counter = seed | 0;
  const next = (): number => {
    counter = (counter + 0x6d2b79f5) | 0;
    let hash = Math.imul(counter ^ (counter >>> 15), counter | 1);
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61);
    return (hash ^ (hash >>> 14)) >>> 0;
  };
  const roll = (sides: number): number => next() % sides;
  return {
    roll,
    pick: from => from[roll(from.length)] ?? from[0],
    uuid: () => uuidOf([next(), next(), next(), next()]),
  };
}

function uuidOf(words: readonly number[]): string {
  const hex = words.map(word => word.toString(16).padStart(8, '0')).join('');
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}
