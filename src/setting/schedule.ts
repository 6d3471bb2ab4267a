/** The notation for waits between attempts; pure. */

export type BackoffSchedule =
  /** A random wait of a third to two thirds of a measure, which starts at `baseMs` and doubles up to `capMs`. */
  | { readonly kind: 'doubling'; readonly baseMs: number; readonly capMs: number }
  /** About one wait for each attempt in turn; the last one repeats. */
  | { readonly kind: 'steps'; readonly stepsMs: readonly number[] };

const stepsMax = 100;
const seconds = String.raw`\d{1,6}(?:\.\d{1,3})?`;
const doubling = new RegExp(`^(${seconds})-(${seconds})$`);
const steps = new RegExp(`^${seconds}(,${seconds})*$`);

/**
 * Parses a schedule; undefined when the text is none.
 *
 * @param range of each number, in seconds.
 * @example parseSchedule('5-600', range) // { kind: 'doubling', baseMs: 5000, capMs: 600000 }
 */
export function parseSchedule(
  text: string,
  { minimum, maximum }: { minimum: number; maximum: number },
): BackoffSchedule | undefined {
  const bare = text.replaceAll(/\s/g, '');
  const isWithin = (ms: number): boolean => ms >= minimum * 1_000 && ms <= maximum * 1_000;
  const pair = doubling.exec(bare);
  if (pair) {
    const [baseMs, capMs] = [toMs(pair[1] ?? ''), toMs(pair[2] ?? '')];
    return isWithin(baseMs) && isWithin(capMs) && baseMs <= capMs
      ? { kind: 'doubling', baseMs, capMs }
      : undefined;
  }
  if (!steps.test(bare)) return undefined;
  const stepsMs = bare.split(',').map(toMs);
  return stepsMs.length <= stepsMax && stepsMs.every(isWithin)
    ? { kind: 'steps', stepsMs }
    : undefined;
}

const toMs = (text: string): number => Math.round(Number(text) * 1_000);
