/** The catalogue of known event types against what was recorded of real services. */
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { isAudit } from '../../src/normalize/cloud/openstack/openstack-type.ts';
import { knownTypes } from '../../src/webhook/filter/event-type/known-types.ts';
import { explainUnmatched } from '../../src/webhook/filter/event-type/unmatched.ts';
import type { WebhookFilter } from '../../src/webhook/webhook.ts';

const filter = (value: string, more: Partial<WebhookFilter> = {}): WebhookFilter => ({
  type: 'EventType',
  mode: 'Include',
  matchType: 'Exact',
  value,
  ...more,
});

const known = new Set(knownTypes.map(({ type }) => type));

const typesIn = (file: string, pattern: RegExp): readonly string[] => {
  const text = readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8');
  return [...new Set([...text.matchAll(pattern)].map(([, type]) => type ?? ''))];
};

describe('the known event types', () => {
  it('are each there once', () => {
    expect(known.size).toBe(knownTypes.length);
  });

  it.each([
    'VM.START',
    'SNAPSHOTPOLICY.CREATE',
    'VPN.S2S.CONNECTION.RESET',
    'CREATE_TAGS',
    'UPDATE.PS',
  ])('have %s of CloudStack', type => expect(known.has(type)).toBe(true));

  it("have what OpenStack's services were recorded to send", () => {
    const sent = typesIn('openstack-2026.jsonl', /event_type\\?": ?\\?"([a-z_.]+)\\?"/g).filter(
      type => !isAudit(type, 'info') && !type.startsWith('dns.domain.'),
    );
    expect(sent.length).toBeGreaterThan(80);
    expect(sent.filter(type => !known.has(type))).toEqual([]);
  });

  it('have what MinIO was recorded to send', () => {
    const sent = typesIn('recorded/minio.jsonl', /eventName\\?": ?\\?"([A-Za-z:0-9]+)/g);
    expect(sent.length).toBeGreaterThan(3);
    expect(sent.filter(type => !known.has(type))).toEqual([]);
  });
});

describe('a filter of event types', () => {
  it.each([
    ['a known type', filter('VM.START')],
    ['the beginning of many', filter('compute.instance.', { matchType: 'Prefix' })],
    ['the end of many', filter('.CREATE', { matchType: 'Suffix' })],
    ['what was seen', filter('com.example.made')],
    ['what it keeps out', filter('NOTHING', { mode: 'Exclude' })],
    ['another fact', filter('NOTHING', { type: 'Entity' })],
  ])('can match: %s', (_, asked) => {
    expect(explainUnmatched(asked, ['ActionEvent'], ['com.example.made'])).toBeUndefined();
  });

  it.each([
    ['VM.STRAT', 'VM.START'],
    ['vm.start', 'VM.START'],
    ['VM.STAR', 'VM.START'],
    ['VOLUME.ATTACHH', 'VOLUME.ATTACH'],
    ['compute.instance.create.ends', 'compute.instance.create.end'],
    ['com.example.mad', 'com.example.made'],
  ])('that says %s may have meant %s', (value, meant) => {
    const said = explainUnmatched(filter(value), ['ActionEvent'], ['com.example.made']);
    expect(said).toMatch(new RegExp(`matches no event type .* Did you mean ${meant}\\?$`));
  });

  it('makes no suggestion where nothing is spelt alike', () => {
    expect(explainUnmatched(filter('something else'), ['*'], [])).toMatch(/10,000 events\.$/);
  });

  it.each([
    [['ActionEvent'], false],
    [['AlertEvent'], true],
    [['*'], true],
  ])('of alerts is reached in the categories %j: %s', (categories, isReached) => {
    const said = explainUnmatched(filter('ALERT.USERVM', { matchType: 'Prefix' }), categories, []);
    expect(said === undefined).toBe(isReached);
  });

  it("of Hookline's own is reached by their category alone", () => {
    const asked = filter('WEBHOOK.DISABLED');
    expect(explainUnmatched(asked, ['*'], [])).toMatch(/are in the category HooklineEvent/);
    expect(explainUnmatched(asked, ['*', 'HooklineEvent'], [])).toBeUndefined();
  });
});
