import { createHmac } from 'node:crypto';

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { checkSignature, expectedProof, expectedTime, hasToken } from '../../src/access/sender.ts';
import type { Headers, SenderProof } from '../../src/access/sender.ts';

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

const rest = {
  signs: 'body',
  timestampHeader: 'X-Timestamp',
  template: '{timestamp}.{body}',
  toleranceMs: 300_000,
  once: false,
} as const;

const nowMs = 1_790_000_000_000;
const isSigned = (proof: SenderProof, headers: Headers, bytes: Buffer): boolean =>
  checkSignature(proof, { headers, body: bytes, nowMs }).kind === 'signed';

const cloudpods = {
  ...rest,
  header: 'X-Auth-Token',
  algorithm: 'sha256',
  encoding: 'hex',
} as const;

describe('a signature', () => {
  it.each(['sha256', 'sha1', 'sha512'] as const)('is taken by %s, in hex and base64', algorithm => {
    for (const encoding of ['hex', 'base64'] as const) {
      const signature = createHmac(algorithm, secret).update(body).digest(encoding);
      const hmac = { ...rest, secret, header: 'X-Signature', algorithm, encoding };
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

describe('a signed time', () => {
  const slack = {
    ...cloudpods,
    secret,
    header: 'X-Slack-Signature',
    prefix: 'v0=',
    signs: 'timestamp',
    timestampHeader: 'X-Slack-Request-Timestamp',
    template: 'v0:{timestamp}:{body}',
  } as const;
  const signedAt = (seconds: number | string, bytes = body): Headers => ({
    'x-slack-request-timestamp': String(seconds),
    'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${seconds}:`).update(bytes).digest('hex')}`,
  });
  const check = (headers: Headers, bytes = body) =>
    checkSignature({ hmac: slack }, { headers, body: bytes, nowMs });
  const now = nowMs / 1_000;
  const name = (headers: Headers, bytes = body) => {
    const found = check(headers, bytes);
    return found.kind === 'signed' ? found.name : undefined;
  };

  it.each([0, -299, 299, -300, 300])('is taken when it is %i s away', seconds => {
    expect(check(signedAt(now + seconds)).kind).toBe('signed');
  });

  it.each([-301, 301, -86_400])('is refused when it is %i s away', seconds => {
    expect(check(signedAt(now + seconds))).toEqual({ kind: 'untimely' });
  });

  it.each(['', 'soon', `${now}.5`, '-1', ` ${now}`])('is refused when it is no time: %j', time => {
    expect(check(signedAt(time))).toEqual({ kind: 'untimely' });
  });

  it('cannot be changed, nor can the body, nor what is between them', () => {
    const later = { ...signedAt(now - 600), 'x-slack-request-timestamp': String(now) };
    expect(check(later)).toEqual({ kind: 'unsigned' });
    expect(check(signedAt(now), Buffer.from('{"a":2}'))).toEqual({ kind: 'unsigned' });
    const { 'x-slack-request-timestamp': _, ...without } = signedAt(now);
    expect(check(without)).toEqual({ kind: 'unsigned' });
    const shifted = { ...signedAt(`${now}`), 'x-slack-request-timestamp': `${now}:{"a":1}` };
    expect(check(shifted, Buffer.from(''))).toEqual({ kind: 'unsigned' });
  });

  it('gives a repeat the same name, and no two messages', () => {
    const first = name(signedAt(now));
    expect(first).toMatch(/^sha256:[\da-f]{64}$/);
    expect(name({ ...signedAt(now), 'idempotency-key': 'another' })).toBe(first);
    expect(name(signedAt(now - 1))).not.toBe(first);
    const other = Buffer.from('{"a":2}');
    expect(name(signedAt(now, other), other)).not.toBe(first);
  });
});

describe('a signature of Standard Webhooks', () => {
  const key = Buffer.alloc(32, 7).toString('base64');
  const hmac = { ...cloudpods, secret: `whsec_${key}`, signs: 'standard-webhooks' } as const;
  const webhook = new Webhook(key);
  const at = (ms: number, id = 'msg_1'): Headers => ({
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(ms / 1_000)),
    'webhook-signature': webhook.sign(id, new Date(ms), body.toString()),
  });
  const check = (headers: Headers, bytes = body) =>
    checkSignature({ hmac }, { headers, body: bytes, nowMs });

  it('is what its library makes, and names the message by its id', () => {
    expect(check(at(nowMs))).toEqual({ kind: 'signed', name: 'id:msg_1' });
    expect(check(at(nowMs - 60_000))).toEqual({ kind: 'signed', name: 'id:msg_1' });
  });

  it('is refused when it is old, early, or of something else', () => {
    expect(check(at(nowMs - 301_000))).toEqual({ kind: 'untimely' });
    expect(check(at(nowMs + 301_000))).toEqual({ kind: 'untimely' });
    for (const change of [
      { 'webhook-id': 'msg_2' },
      { 'webhook-timestamp': String(nowMs / 1_000 - 1) },
      { 'webhook-signature': 'v1,AAAA' },
      { 'webhook-signature': undefined },
      { 'webhook-id': undefined },
    ]) {
      expect(check({ ...at(nowMs), ...change })).toEqual({ kind: 'unsigned' });
    }
    expect(check(at(nowMs), Buffer.from('{}'))).toEqual({ kind: 'unsigned' });
  });

  it('may be one of several, as while its sender changes the secret', () => {
    const headers = at(nowMs);
    const both = `v1a,x v1,AAAA ${String(headers['webhook-signature'])}`;
    expect(check({ ...headers, 'webhook-signature': both }).kind).toBe('signed');
  });

  it('takes a secret as it was typed where it is no base64 with the prefix', () => {
    const typed = { ...hmac, secret };
    const signer = new Webhook(secret, { format: 'raw' });
    const headers = {
      ...at(nowMs),
      'webhook-signature': signer.sign('msg_1', new Date(nowMs), body.toString()),
    };
    expect(checkSignature({ hmac: typed }, { headers, body, nowMs }).kind).toBe('signed');
  });

  it('is told what is expected of it', () => {
    expect(expectedProof({ hmac })).toBe(
      'the signature of Standard Webhooks as `webhook-id`, `webhook-timestamp` and `webhook-signature`',
    );
    expect(expectedTime({ hmac })).toBe('a time that is at most 300 s away from the clock here');
  });
});

it('a body that is signed alone is named only where a repeat is the same message', () => {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const headers = { 'x-auth-token': signature };
  const hmac = { ...cloudpods, secret };
  const check = (once: boolean) =>
    checkSignature({ hmac: { ...hmac, once } }, { headers, body, nowMs });
  expect(check(false)).toEqual({ kind: 'signed' });
  expect(check(true)).toMatchObject({ kind: 'signed', name: expect.stringMatching(/^sha256:/) });
});
