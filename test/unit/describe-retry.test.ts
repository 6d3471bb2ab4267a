import { describe, expect, it } from 'vitest';

import { describeRetry } from '../../src/setting/describe-retry.ts';

const facts = {
  tries: 3,
  backoff: { kind: 'doubling', baseMs: 5_000, capMs: 600_000 },
  outage: 'hold',
  expireAfterSeconds: 86_400,
} as const;

describe('the retries of a webhook', () => {
  it('are told with the horizon of an outage', () => {
    expect(describeRetry(facts)).toBe(
      'A delivery that the receiver refuses is tried up to 3 times, after waits of about 2.5 seconds at first, which double up to about 5 minutes. While the receiver is down, deliveries wait and lose no try; an outage may last 24 hours without loss.',
    );
  });

  it('are told with a list of waits, and with the largest unit that fits', () => {
    const steps = { kind: 'steps', stepsMs: [1_500, 60_000, 7_200_000] } as const;
    const text = describeRetry({ ...facts, backoff: steps, expireAfterSeconds: 259_200 });
    expect(text).toContain('after 1.5 seconds, 1 minute, 2 hours.');
    expect(text).toContain('an outage may last 3 days without loss');
  });

  it('are told as CloudStack makes them', () => {
    expect(describeRetry({ ...facts, outage: 'fail' })).toMatch(
      /^Each delivery is attempted up to 3 times, .* An outage loses what comes meanwhile\.$/,
    );
    expect(describeRetry({ ...facts, tries: 1 })).toMatch(/is not tried again\./);
  });
});
