import { array, assert, constantFrom, double, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Breakers } from '../../src/dispatch/engine/breaker/breakers.ts';
import {
  afterFailure,
  phaseOf,
  probeWaitMs,
  stateOf,
  unmet,
  well,
} from '../../src/dispatch/engine/breaker/breaker.ts';

const failure = { isSilent: true, atMs: 0, askedMs: 0, isOwn: false, random: 0 };
const refusal = { ...failure, isSilent: false };

/** Fails one attempt after the other, a millisecond apart. */
const failing = (from = well, ...kinds: readonly (typeof failure)[]) =>
  kinds.reduce((breaker, kind, at) => afterFailure(breaker, { ...kind, atMs: at }), from);

describe('a breaker', () => {
  it('opens at the first silent attempt to a receiver that has accepted nothing yet', () => {
    expect(stateOf(failing(unmet, failure))).toBe('open');
  });

  it('opens at the third in a row to one that has', () => {
    expect(stateOf(failing(well, failure, failure))).toBe('ok');
    expect(stateOf(failing(well, failure, failure, failure))).toBe('open');
    expect(failing(well, failure, failure, refusal, failure).open).toBeUndefined();
  });

  it('opens for as long as the receiver asks', () => {
    const { open } = failing(well, { ...failure, askedMs: 60_000 });
    expect(open).toEqual({ sinceMs: 0, probeAtMs: 60_000 });
  });

  it('never opens for refusals, of which three in a row make it failing', () => {
    expect(stateOf(failing(well, refusal, refusal))).toBe('ok');
    expect(stateOf(failing(well, refusal, refusal, refusal))).toBe('failing');
    expect(failing(well, ...Array.from({ length: 100 }, () => refusal)).open).toBeUndefined();
  });

  it('stays open when its probe is refused, and probes again soon', () => {
    const open = failing(unmet, failure);
    const later = afterFailure(open, { ...failure, atMs: 1_000_000 });
    const refused = afterFailure(later, { ...refusal, atMs: 2_000_000 });
    expect(later.open?.probeAtMs).toBe(1_250_000);
    expect(refused.open?.probeAtMs).toBe(2_001_000);
  });

  it('is open before its probe, half-open from then on', () => {
    const open = failing(unmet, failure);
    expect(phaseOf(open, 999)).toBe('open');
    expect(phaseOf(open, 1_000)).toBe('half-open');
    expect(phaseOf(well, 0)).toBe('closed');
  });

  it('waits a second to an hour for a probe, a quarter of the outage in between', () => {
    const random = double({ min: 0, max: 0.999, noNaN: true });
    assert(
      property(nat(10 ** 9), random, (lastedMs, drawn) => {
        const waitMs = probeWaitMs(lastedMs, drawn);
        expect(waitMs).toBeGreaterThanOrEqual(Math.min(3_600_000, Math.max(1_000, lastedMs / 4)));
        expect(waitMs).toBeLessThanOrEqual(3_600_000);
        expect(waitMs).toBeLessThanOrEqual(Math.max(1_101, lastedMs / 3.6));
      }),
    );
  });

  it('probes a receiver that is down for a day a few dozen times', () => {
    let nowMs = 0;
    let breaker = failing(unmet, failure);
    let probes = 0;
    for (; nowMs < 86_400_000; probes += 1) {
      nowMs = breaker.open?.probeAtMs ?? 0;
      breaker = afterFailure(breaker, { ...failure, atMs: nowMs });
    }
    expect(probes).toBeLessThan(70);
  });
});

type Step = { readonly waitMs: number; readonly ends: 'accepted' | 'refused' | 'silent' };

const steps = array(
  record<Step>({
    waitMs: nat(5_000),
    ends: constantFrom('accepted', 'refused', 'silent'),
  }),
  { maxLength: 100 },
);

function end(breakers: Breakers, ends: Step['ends']): void {
  if (ends === 'accepted') return breakers.accepted('w');
  breakers.failed('w', { isSilent: ends === 'silent', askedMs: 0, isOwn: false });
}

describe('the breakers of all webhooks', () => {
  it('let nothing through while open, one while half-open, and tell of each opening and closing in turn', () => {
    assert(
      property(steps, all => {
        let nowMs = 0;
        const told: string[] = [];
        const breakers = new Breakers({ now: () => nowMs, random: () => 0 });
        breakers.watch({ opened: () => told.push('opened'), closed: () => told.push('closed') });
        for (const { waitMs, ends } of all) {
          nowMs += waitMs;
          const { open } = breakers.of('w');
          const expected = open === undefined ? Infinity : Number(nowMs >= open.probeAtMs);
          expect(breakers.roomOf('w', 0)).toBe(expected);
          if (expected > 0) end(breakers, ends);
        }
        for (const [at, word] of told.entries()) {
          expect(word).toBe(at % 2 === 0 ? 'opened' : 'closed');
        }
      }),
    );
  });

  it('let nothing follow a probe that is on its way, and everything once it is accepted', () => {
    let nowMs = 0;
    const breakers = new Breakers({ now: () => nowMs, random: () => 0 });
    end(breakers, 'silent');
    nowMs = 1_000;
    expect(breakers.roomOf('w', 1)).toBe(0);
    end(breakers, 'accepted');
    expect(breakers.roomOf('w', 1)).toBe(Infinity);
  });

  it('bound how often one delivery is tried that its receiver takes amiss while it accepts others', () => {
    let nowMs = 0;
    const breakers = new Breakers({ now: () => nowMs, random: () => 0 });
    let attempts = 0;
    for (; nowMs < 86_400_000; attempts += 1) {
      breakers.accepted('w');
      breakers.failed('w', { isSilent: true, askedMs: 0, isOwn: false });
      nowMs = breakers.retryAtMs('w', 0);
    }
    expect(attempts).toBeLessThan(70);
  });

  it('announce what others have to know: openings, further probes, failing, recovery', () => {
    let nowMs = 0;
    const breakers = new Breakers({ now: () => nowMs, random: () => 0 });
    const told: string[] = [];
    breakers.watch({ changed: (_, breaker) => told.push(stateOf(breaker)) });
    const fail = (isSilent: boolean) => {
      nowMs += 10;
      breakers.failed('w', { isSilent, askedMs: 0, isOwn: false });
    };
    breakers.accepted('w');
    for (let count = 0; count < 5; count += 1) fail(false);
    for (let count = 0; count < 4; count += 1) fail(true);
    breakers.accepted('w');
    breakers.accepted('w');
    expect(told).toEqual(['failing', 'open', 'open', 'ok']);
  });
});
