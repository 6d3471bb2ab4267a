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
