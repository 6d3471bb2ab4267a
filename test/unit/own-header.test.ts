import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatCloudStack } from '../../src/format/cloud/cloudstack.ts';
import { attemptHeaders } from '../../src/format/format.ts';
import {
  hiddenValue,
  hideOwnHeaders,
  keepHidden,
  ownHeadersMax,
  refuseOwnHeaders,
} from '../../src/format/own-header.ts';
import { openSigner } from '../../src/format/sign.ts';

const ours = attemptHeaders(
  formatCloudStack({ id: 'i', event: 'E', account: 'a', body: '{}' }),
  0,
  openSigner('s'),
).filter((_, index) => index % 2 === 0);

describe('a webhook’s own headers', () => {
  it('may be any that are neither ours nor the connection’s', () => {
    const headers = { Authorization: 'Bearer abc.def', 'X-Tenant': 'a b\tc', cookie: 'a=b; c="d"' };
    expect(refuseOwnHeaders(headers)).toBeUndefined();
    expect(refuseOwnHeaders({})).toBeUndefined();
  });

  it.each([...ours, 'X-CS-Anything', 'Webhook-Extra', 'Host', 'Content-Length', 'Connection'])(
    'cannot be %s, in whatever case',
    name => {
      for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
        expect(refuseOwnHeaders({ [spelled]: 'x' })).toBe(
          `the header ${spelled} is set by Hookline`,
        );
      }
    },
  );

  it.each([
    [{ 'X y': 'a' }, '"X y" is no name of a header'],
    [{ '': 'a' }, '"" is no name of a header'],
    [{ 'X-Ü': 'a' }, '"X-Ü" is no name of a header'],
    [{ a: '1', A: '2' }, 'the header A is given twice'],
    [{ a: 1 }, 'the header a needs a text'],
    [{ a: null }, 'the header a needs a text'],
    [{ a: '' }, 'the header a needs a text'],
    [{ a: ' b' }, 'the header a needs a text'],
    [{ a: 'b\r\nX-CS-Signature: c' }, 'the header a needs a text'],
    [{ a: 'ü' }, 'the header a needs a text'],
    [{ a: 'x'.repeat(5_000) }, 'the header a needs a text'],
  ])('cannot be %j', (headers, reason) => {
    expect(refuseOwnHeaders(headers)).toContain(reason);
  });

  it('are bounded in number', () => {
    const many = Object.fromEntries(
      Array.from({ length: ownHeadersMax + 1 }, (_, index) => [`x-${index}`, 'a']),
    );
    expect(refuseOwnHeaders(many)).toBe(`there are more than ${ownHeadersMax} headers`);
  });

  it('never show a value in the reason, which may be a credential', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), secret => {
        fc.pre(!'the header Authorization needs a text'.includes(secret));
        expect(refuseOwnHeaders({ Authorization: `${secret}\n` })).not.toContain(secret);
      }),
    );
  });
});

describe('hidden values of own headers', () => {
  it('given back, mean what there is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string()), headers => {
        expect(keepHidden(hideOwnHeaders(headers), headers)).toEqual({ headers });
      }),
    );
  });

  it('mean nothing where there is no header of the name', () => {
    expect(keepHidden({ a: '1', B: hiddenValue }, { a: '2' })).toEqual({ missing: 'B' });
  });
});
