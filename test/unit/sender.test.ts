import { createHmac } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { expectedProof, hasToken, isSigned } from '../../src/access/sender.ts';

const token = 'correct horse battery';
const secret = 'a secret of sixteen';
const body = Buffer.from('{"a":1}');
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a token', () => {
  it.each([
    ['as a bearer token', { authorization: 'Bearer correct' }, undefined],
    ['whatever the case of the scheme', { authorization: 'bearer correct' }, undefined],
    ['as a password', { authorization: basic('user:correct') }, undefined],
    ['as a password without a name', { authorization: basic(':correct') }, undefined],
    ['in the query', {}, 'correct'],
  ])('is taken %s', (_, headers, parameter) => {
    expect(hasToken({ token: 'correct' }, headers, parameter)).toBe(true);
  });

  it.each([
    ['when there is none', {}, undefined],
    ['when it is another', { authorization: 'Bearer incorrect' }, undefined],
    ['when it is a part of it', { authorization: 'Bearer corr' }, undefined],
    ['when it is empty', { authorization: 'Bearer ' }, ''],
    ['under another scheme', { authorization: 'Digest correct' }, undefined],
    ['when it is given twice', {}, ['correct', 'correct']],
  ])('is refused %s', (_, headers, parameter) => {
    expect(hasToken({ token: 'correct' }, headers, parameter)).toBe(false);
  });

  it('is not asked for where there is none', () => {
    expect(hasToken({ hmac: { secret, ...cloudpods } }, {}, undefined)).toBe(true);
  });
});

const cloudpods = { header: 'X-Auth-Token', algorithm: 'sha256', encoding: 'hex' } as const;

describe('a signature', () => {
  it.each(['sha256', 'sha1', 'sha512'] as const)('is taken by %s, in hex and base64', algorithm => {
    for (const encoding of ['hex', 'base64'] as const) {
      const signature = createHmac(algorithm, secret).update(body).digest(encoding);
      const hmac = { secret, header: 'X-Signature', algorithm, encoding };
      expect(isSigned({ hmac }, { 'x-signature': signature }, body)).toBe(true);
      expect(isSigned({ hmac }, { 'x-signature': signature }, Buffer.from('{"a":2}'))).toBe(false);
      expect(isSigned({ hmac }, {}, body)).toBe(false);
    }
  });

  it('is what openssl computes', () => {
    // printf '{"a":1}' | openssl dgst -sha256 -hmac 'a secret of sixteen'
    const signature = 'caa4775720d49242eb88da3949222458cd41c008a44471868774ff86d94ce44e';
    expect(isSigned({ hmac: { secret, ...cloudpods } }, { 'x-auth-token': signature }, body)).toBe(
      true,
    );
    expect(
      isSigned(
        { hmac: { secret, ...cloudpods } },
        { 'x-auth-token': signature.toUpperCase() },
        body,
      ),
    ).toBe(true);
  });

  it('has the prefix that was agreed on, and is refused without', () => {
    const hmac = { secret, ...cloudpods, header: 'X-Hub-Signature-256', prefix: 'sha256=' };
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    expect(isSigned({ hmac }, { 'x-hub-signature-256': `sha256=${signature}` }, body)).toBe(true);
    expect(isSigned({ hmac }, { 'x-hub-signature-256': signature }, body)).toBe(false);
  });
});

it('what is expected is told without telling it', () => {
  const hmac = { secret, ...cloudpods, prefix: 'sha256=' };
  expect(expectedProof({ token, hmac })).toBe(
    '`Authorization: Bearer <token>` and the HMAC-SHA256 of the body in hex as `X-Auth-Token: sha256=<signature>`',
  );
});
