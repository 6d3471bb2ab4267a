/** Values of options as they are typed. Each throws InvalidArgumentError, which Commander reports as wrong usage. */
import { InvalidArgumentError } from 'commander';

export function parseWhole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

export function parsePositive(text: string): number {
  const count = parseWhole(text);
  if (count < 1) throw new InvalidArgumentError('expected at least 1');
  return count;
}

/** `a,b` */
export function parseList(text: string): string[] {
  return text.split(',').map(item => item.trim());
}

/** Days: `30`, `30d`. */
export const parseDays = (text: string): number => parseWhole(text.replace(/d$/, ''));

/** Seconds: `900`, `15m`, `24h`. */
export function parseSeconds(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : readDurationMs(text);
  if (ms !== undefined) return ms / 1_000;
  throw new InvalidArgumentError('expected seconds, or a time such as 15m, 24h or 2d');
}

/** An instant in ISO 8601: `2026-11-21T10:00:00Z` as it is, `2h` two hours ago. */
export function parseInstant(text: string): string {
  const ms = readDurationMs(text);
  if (ms !== undefined) return new Date(Date.now() - ms).toISOString();
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError(
    'expected an instant such as 2026-11-21T10:00:00Z, or how long ago: 15m, 24h, 2d',
  );
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `90s`, `15m`, `24h`, `2d`; undefined for anything else. */
function readDurationMs(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const ms = unitMs[unit];
  return count === undefined || ms === undefined ? undefined : Number(count) * ms;
}
