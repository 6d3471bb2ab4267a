import { describe, expect, it } from 'vitest';

import { backoffMs } from '../../src/outcome/backoff.ts';
import { canonicalName, parseSetting } from '../../src/setting/definition.ts';
import type { SettingName } from '../../src/setting/definition.ts';
import { chainOf, createSettingIndex } from '../../src/setting/resolve.ts';
import type { SettingRow } from '../../src/store/setting.ts';

const defaults = {
  'webhook.delivery.tries': '3',
  'webhook.delivery.timeout': '10',
  'webhook.delivery.backoff': '5-600',
  'webhook.delivery.outage': 'hold',
  'webhook.delivery.expire.after': '86400',
  'webhook.failing.disable.after': '432000',
  'webhook.backlog.limit': '400000',
  'account.backlog.limit': '500000',
  'webhook.deliveries.limit': '1000',
  'webhook.deliveries.cleanup.interval': '3600',
  'webhook.deliveries.cleanup.initial.delay': '180',
  'webhook.account.limit': '1000',
  'webhook.delivery.thread.pool.size': '64',
  'webhook.egress.private.ranges': 'none',
};

describe('a value', () => {
  it.each<[SettingName, string, unknown]>([
    ['webhook.delivery.tries', '5', 5],
    ['webhook.delivery.tries', ' 100 ', 100],
    ['webhook.delivery.timeout', '2.5', 2.5],
    ['webhook.delivery.backoff', '5-600', { kind: 'doubling', baseMs: 5_000, capMs: 600_000 }],
    ['webhook.delivery.backoff', '0.5, 2,60', { kind: 'steps', stepsMs: [500, 2_000, 60_000] }],
    ['webhook.delivery.backoff', '30', { kind: 'steps', stepsMs: [30_000] }],
    ['webhook.delivery.outage', ' fail ', 'fail'],
    ['webhook.egress.private.ranges', ' none ', []],
    ['webhook.egress.private.ranges', '10.1.2.3/16, fd00::1', ['10.1.0.0/16', 'fd00::1/128']],
  ])('of %s may be %j', (name, text, value) => {
    expect(parseSetting(name, text)).toEqual({ ok: true, value });
  });

  it.each<[SettingName, string]>([
    ['webhook.delivery.tries', '0'],
    ['webhook.delivery.tries', '101'],
    ['webhook.delivery.tries', '2.5'],
    ['webhook.delivery.tries', ''],
    ['webhook.delivery.tries', '1e1'],
    ['webhook.delivery.timeout', '601'],
    ['webhook.delivery.timeout', '-1'],
    ['webhook.delivery.outage', 'never'],
    ['webhook.delivery.backoff', '600-5'],
    ['webhook.delivery.backoff', '5-'],
    ['webhook.delivery.backoff', '1,,2'],
    ['webhook.delivery.backoff', '0'],
    ['webhook.egress.private.ranges', ''],
    ['webhook.egress.private.ranges', '127.0.0.0/8'],
    ['webhook.egress.private.ranges', '10.0.0.0/8,169.254.0.0/16'],
    ['webhook.egress.private.ranges', '10.0.0.0/7'],
    ['webhook.egress.private.ranges', '0.0.0.0/0'],
    ['webhook.egress.private.ranges', Array.from({ length: 101 }, () => '10.0.0.1').join(',')],
    ['webhook.delivery.backoff', Array.from({ length: 101 }, () => '1').join(',')],
  ])('of %s may not be %j', (name, text) => {
    expect(parseSetting(name, text)).toMatchObject({ ok: false, expected: expect.any(String) });
  });

  it('is found under CloudStack’s other word for tries', () => {
    expect(canonicalName('webhook.delivery.retries')).toBe('webhook.delivery.tries');
    expect(canonicalName('toString')).toBeUndefined();
  });
});

describe('the value that holds', () => {
  const rows: SettingRow[] = [
    { scope: 'global', scopeId: '', name: 'webhook.delivery.tries', value: '4' },
    { scope: 'domain', scopeId: 'top', name: 'webhook.delivery.retries', value: '5' },
    { scope: 'domain', scopeId: 'mid', name: 'webhook.delivery.tries', value: '6' },
    { scope: 'webhook', scopeId: 'w', name: 'webhook.delivery.backoff', value: '1' },
  ];
  const index = createSettingIndex(rows, defaults);
  const tries = (path: readonly string[]) =>
    index.effective('webhook.delivery.tries', chainOf(path));

  const backoff = (webhookId: string) =>
    index.effective('webhook.delivery.backoff', chainOf(['top'], webhookId)).origin;

  it('is that of the nearest domain up the tree, then the global one', () => {
    expect(tries(['low', 'mid', 'top'])).toMatchObject({ value: 6, origin: { scopeId: 'mid' } });
    expect(tries(['side', 'top'])).toMatchObject({ value: 5, origin: { scopeId: 'top' } });
    expect(tries([])).toMatchObject({ value: 4, origin: { scope: 'global' } });
  });

  it('is the webhook’s own before all others, and the configuration’s last', () => {
    expect(backoff('w')).toEqual({ scope: 'webhook', scopeId: 'w' });
    expect(backoff('other')).toBe('configuration');
  });

  it('is never one that cannot be used, and those are told', () => {
    const bad: SettingRow[] = [
      { scope: 'global', scopeId: '', name: 'webhook.delivery.tries', value: 'many' },
      { scope: 'global', scopeId: '', name: 'webhook.delivery.trys', value: '5' },
      { scope: 'domain', scopeId: 'top', name: 'webhook.delivery.thread.pool.size', value: '5' },
    ];
    const broken = createSettingIndex(bad, defaults);
    expect(broken.effective('webhook.delivery.tries', chainOf(['top'])).value).toBe(3);
    expect(broken.unusable.map(({ row }) => row)).toEqual(bad);
  });
});

describe('a back-off of steps', () => {
  const policy = { baseMs: 1, capMs: 9, waitMsMax: 100_000, stepsMs: [1_000, 5_000] };

  it('waits about as long as each step says, the last one for all later attempts', () => {
    expect([1, 2, 3, 50].map(made => backoffMs(policy, made, 0))).toEqual([
      1_000, 5_000, 5_000, 5_000,
    ]);
    expect(backoffMs(policy, 1, 0.999)).toBe(1_099);
  });

  it('still waits as long as the receiver asks, up to the most', () => {
    expect(backoffMs(policy, 1, 0, 7_000)).toBe(7_000);
    expect(backoffMs(policy, 1, 0, 700_000)).toBe(100_000);
  });
});
