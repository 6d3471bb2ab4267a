import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toReturnPath } from '../../src/access/oidc/return-to.ts';

const origin = 'https://hookline.test';

describe('toReturnPath', () => {
  it.each(['/', '/webhooks', '/webhooks?state=Enabled&x=%2F', '/a/b#c', '/~a/(b)'])(
    'keeps %s',
    path => {
      expect(toReturnPath(path)).toBe(path);
    },
  );

  it.each([
    undefined,
    '',
    'webhooks',
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '\n//evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    '/%2e/\r\nlocation:x',
    'javascript:alert(1)',
    '/\u{ff0f}evil.example',
  ])('leads home instead of to %j', text => {
    expect(toReturnPath(text)).toBe('/');
  });

  it('never leaves the origin, nor breaks out of the header, whatever it is given', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2f',
      '%5c',
      '@',
      ':',
      'evil.example',
      '\t',
      '\r\n',
      '?',
      '#',
      'a',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 8 }).map(list => `/${list.join('')}`),
    );
    fc.assert(
      fc.property(text, given => {
        const path = toReturnPath(given);
        expect(new URL(path, `${origin}/v1/oidc/callback`).origin).toBe(origin);
        expect(path).toMatch(/^\/(?!\/)[!-~]*$/);
      }),
      { numRuns: 2_000 },
    );
  });
});
