import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { orderDomains } from '../../src/api/directory/order-domains.ts';
import { findConflict } from '../../src/webhook/filter/filter-conflict.ts';
import { encodeCursor, readCursor, textKey, toPage } from '../../src/api/http/page.ts';
import { normalizePayloadUrl } from '../../src/webhook/plan-webhook.ts';
import { filterMatchTypes, filterModes } from '../../src/webhook/words.ts';
import type { WebhookFilter } from '../../src/webhook/webhook.ts';
import { anyCharacter } from '../fixtures/any-text.ts';

const filter = (
  mode: WebhookFilter['mode'],
  matchType: WebhookFilter['matchType'],
  value: string,
) => ({
  mode,
  matchType,
  value,
});

describe('a new filter', () => {
  // Source: reference "CloudStack" section 1.4.
  it.each([
    [filter('Include', 'Exact', 'VM.START'), filter('Include', 'Exact', 'vm.start'), true],
    [filter('Include', 'Exact', 'VM.START'), filter('Include', 'Prefix', 'VM.START'), false],
    [filter('Include', 'Exact', 'VM.START'), filter('Exclude', 'Exact', 'VM.START'), true],
    [filter('Include', 'Exact', 'VM.START'), filter('Exclude', 'Prefix', 'VM.'), false],
    [filter('Exclude', 'Prefix', 'VM.'), filter('Include', 'Exact', 'VM.START'), true],
    [filter('Exclude', 'Prefix', 'VM.'), filter('Include', 'Prefix', 'VM.ST'), true],
    [filter('Exclude', 'Prefix', 'VM.'), filter('Include', 'Suffix', 'VM.START'), false],
    [filter('Exclude', 'Prefix', 'VM.'), filter('Include', 'Exact', 'VOLUME.CREATE'), false],
    [filter('Exclude', 'Suffix', '.START'), filter('Include', 'Exact', 'VM.START'), true],
    [filter('Exclude', 'Suffix', '.START'), filter('Include', 'Suffix', 'VM.START'), true],
    [filter('Exclude', 'Suffix', '.START'), filter('Include', 'Prefix', 'VM.START'), false],
    [filter('Exclude', 'Contains', 'start'), filter('Include', 'Prefix', 'VM.START'), true],
    [filter('Exclude', 'Contains', 'start'), filter('Exclude', 'Prefix', 'VM.START'), false],
  ])('after %j, %j: conflict %s', (existing, added, conflict) => {
    expect(findConflict([existing], added)).toBe(conflict ? existing : undefined);
  });

  it('always conflicts with itself, whatever stands before it', () => {
    const any = fc.record<WebhookFilter>({
      mode: fc.constantFrom(...filterModes),
      matchType: fc.constantFrom(...filterMatchTypes),
      value: fc.string({ minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(any), any, (before, added) => {
        expect(findConflict([...before, added], added)).toBeDefined();
      }),
    );
  });
});

describe('a payload URL', () => {
  it.each([
    ['https://a.example/x?y#z', 'https://a.example/x?y#z'],
    ['  http://a.example ', 'http://a.example'],
    ['a.example/hook', 'http://a.example/hook'],
    ['a.example:8080', 'http://a.example:8080'],
    ['10.0.0.1', 'http://10.0.0.1'],
    ['http://[::1]:9/', 'http://[::1]:9/'],
  ])('%j is taken as %s', (given, taken) => {
    expect(normalizePayloadUrl(given)).toBe(taken);
  });

  it.each([
    'ftp://a',
    'file:///etc/passwd',
    'javascript://x',
    'http://',
    '',
    'http://a b',
    'http://a:99999',
    'http://u@a',
  ])('%j is refused', given => {
    expect(() => normalizePayloadUrl(given)).toThrow(/^(Invalid URL|Unsupported scheme)/);
  });
});

const domain = (id: string, parentId?: string) => ({
  id,
  name: id,
  ...(parentId !== undefined && { parentId }),
});
const order = (...items: ReturnType<typeof domain>[]) => orderDomains(items);

describe('an import of domains', () => {
  it('puts parents before their children, and keeps the order otherwise', () => {
    const { domains, errors } = order(
      domain('c', 'b'),
      domain('b', 'a'),
      domain('d', 'there'),
      domain('a'),
    );
    expect(domains.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    expect(errors).toEqual([]);
  });

  it('refuses circles and ids given twice', () => {
    expect(order(domain('a', 'b'), domain('b', 'a'), domain('c')).errors).toHaveLength(2);
    expect(order(domain('a', 'a')).errors).toHaveLength(1);
    expect(order(domain('a'), domain('a')).errors).toEqual([
      { path: '/items/1/id', message: 'a is listed twice' },
    ]);
  });

  it('orders a deep tree without hurting itself', () => {
    const chain = Array.from({ length: 5_000 }, (_, index) => domain(`${index}`, `${index - 1}`));
    const { domains } = orderDomains(chain.toReversed());
    expect(domains.map(({ id }) => id)).toEqual(chain.map(({ id }) => id));
  });
});

describe('a cursor', () => {
  it('comes back as the key it was made of', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 255, unit: anyCharacter }), key => {
        fc.pre(!key.includes('\0') && key.isWellFormed());
        expect(readCursor(encodeCursor(key), textKey)).toBe(key);
      }),
    );
  });

  it('is there only while there is more', () => {
    const rows = ['a', 'b', 'c'];
    const page = (limit: number) => toPage(rows, limit, row => row);
    expect(page(2)).toEqual({ items: ['a', 'b'], nextCursor: encodeCursor('b') });
    expect(page(3)).toEqual({ items: rows, nextCursor: null });
  });
});
