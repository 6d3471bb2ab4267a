import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { classify } from '../../src/outcome/classify.ts';
import { retryAfterMs } from '../../src/outcome/retry-after.ts';

describe('classify', () => {
  it.each([
    [{ status: 200 }, 1, 'delivered'],
    [{ status: 204 }, 3, 'delivered'],
    [{ status: 301 }, 1, 'retry'],
    [{ status: 404 }, 2, 'retry'],
    [{ status: 500 }, 3, 'failed'],
    [{}, 1, 'retry'],
    [{}, 3, 'failed'],
    [{ status: 410 }, 1, 'gone'],
  ] as const)('calls %j after %i of 3 attempts %s', (attempt, made, kind) => {
    expect(classify(attempt, made, 3, '2xx').kind).toBe(kind);
  });

  it('counts only the listed statuses as success when they are listed', () => {
    expect(classify({ status: 202 }, 1, 3, [200]).kind).toBe('retry');
    expect(classify({ status: 200 }, 1, 3, [200]).kind).toBe('delivered');
  });

  it.each([
    [429, 7_000],
    [503, 7_000],
    [500, 0],
  ])('after %i waits for the Retry-After of %i ms', (status, waitMs) => {
    expect(classify({ status, retryAfterMs: 7_000 }, 1, 3, '2xx')).toEqual({
      kind: 'retry',
      retryAfterMs: waitMs,
    });
  });
});

describe.each(['UTC', 'America/New_York', 'Asia/Tokyo'])('retryAfterMs in %s', zone => {
  beforeEach(() => void vi.stubEnv('TZ', zone));
  afterEach(() => void vi.unstubAllEnvs());
  const now = Date.parse('2026-11-21T10:00:00Z');
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Sat, 21 Nov 2026 10:01:00 GMT', 60_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    ['12.5', 13_000],
    ['9999999999', 1_000_000_000_000],
    ['99999999999999999999', 1_000_000_000_000],
    ['-1', undefined],
    ['30s', undefined],
    ['5, 30', 30_000],
    [['5', '30'], 30_000],
    [['soon', '30'], 30_000],
    ['Sat, 21 Nov 2026 10:01:00', 60_000],
    ['Sat, 21 Nov 2026 10:01:00 UTC', 60_000],
    ['Saturday, 21-Nov-26 10:01:00 GMT', 60_000],
    ['Sat Nov 21 10:01:00 2026', 60_000],
    ['Sun Nov  1 10:01:00 2026', 0],
    ['Sat, 21 Nov 2026 10:01:00 CET', undefined],
    [undefined, undefined],
  ])('reads %j as %j', (value, expected) => {
    expect(retryAfterMs(value, now)).toBe(expected);
  });
});
