/** Times and stretches of time as they are typed. */
import { InvalidArgumentError } from 'commander';

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `15m`, `24h`, `2d`; undefined for anything else. */
function readDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const ms = unitMs[unit];
  return count === undefined || ms === undefined ? undefined : Number(count) * ms;
}

/** For an option's value: seconds of `15m`, `24h`, or a bare number of seconds. */
export function parseSeconds(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : readDuration(text);
  if (ms !== undefined) return ms / 1_000;
  throw new InvalidArgumentError('expected seconds, or a time such as 15m, 24h or 2d');
}

/** For an option's value: an instant as the API takes it, of `2h` (so long ago) or of an instant. */
export function parseInstant(text: string): string {
  const ms = readDuration(text);
  if (ms !== undefined) return new Date(Date.now() - ms).toISOString();
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError(
    'expected an instant such as 2026-11-21T10:00:00Z, or how long ago: 15m, 24h, 2d',
  );
}
