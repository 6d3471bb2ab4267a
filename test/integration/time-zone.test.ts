/** The normalizers in processes of other time zones: an instant without a zone is read alike everywhere. */
import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { normalizerCases } from '../fixtures/normalizers.ts';

const run = (timeZone: string): { minutesWest: number; events: unknown } => {
  const { stdout, stderr } = spawnSync(process.execPath, ['test/fixtures/print-normalized.ts'], {
    env: { ...process.env, TZ: timeZone },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
};

describe('in any time zone', () => {
  it.each([
    ['UTC', 0],
    ['Asia/Tokyo', -540],
    ['America/St_Johns', 210],
  ])('every sample becomes the same events: %s', (timeZone, minutesWest) => {
    const expected = normalizerCases.flatMap(({ samples }) =>
      Object.values(samples).map(({ events }) => events),
    );
    const result = run(timeZone);
    expect(result.minutesWest).toBe(minutesWest);
    expect(result.events).toEqual(expected);
  });
});
