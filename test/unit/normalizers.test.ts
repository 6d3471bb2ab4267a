import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { sourceFormats } from '../../src/config/source/format-keys.ts';
import { normalizableFormats, normalizerFor } from '../../src/normalize/source-formats.ts';
import { normalizerCases } from '../fixtures/normalizers.ts';
import { describeNormalizer } from './normalizer-suite.ts';

for (const { format, about, samples, mapping = {} } of normalizerCases) {
  describeNormalizer({
    about,
    samples,
    create: settings => normalizerFor(format, { mapping, ...settings }),
  });
}

describe('the source formats', () => {
  it('can all be read, and nothing else can be configured', () => {
    expect([...sourceFormats].toSorted()).toEqual([...normalizableFormats].toSorted());
  });

  it('have samples each', () => {
    expect(new Set(normalizerCases.map(({ format }) => format))).toEqual(new Set(sourceFormats));
  });
});

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
