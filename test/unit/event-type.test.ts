/** The catalogue of known event types against what was recorded of real services. */
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { isAudit } from '../../src/normalize/cloud/openstack/openstack-type.ts';
import { knownTypes } from '../../src/webhook/filter/event-type/known-types.ts';

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
