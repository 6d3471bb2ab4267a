import { randomBytes } from 'node:crypto';

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { createWebhookSecret } from '../../src/access/secret/webhook-secret.ts';
import { openKeyring } from '../../src/dispatch/request/keyring.ts';
import { openSigner } from '../../src/format/sign.ts';

const body = Buffer.from('{}');
const read = (sealed: Uint8Array): string => Buffer.from(sealed).toString();
const open = (sealed: Uint8Array) => openSigner(read(sealed));
const secret = (text: string, expiresAtMs?: number) => ({
  sealed: Buffer.from(text),
  ...(expiresAtMs !== undefined && { expiresAtMs }),
});

describe('a keyring', () => {
  it('signs with what is valid at the moment, whichever way the clock goes', () => {
    const ring = openKeyring([secret('new'), secret('old', 200), secret('older', 100)], open);
    const count = (nowMs: number) =>
      ring.signerAt(nowMs)?.signStandard('i', '1', body).split(' ').length;
    expect([0, 99, 100, 199, 200, 1e15].map(count)).toEqual([3, 3, 2, 2, 1, 1]);
    expect(ring.signerAt(0)?.sign(body)).toBe(openSigner('new').sign(body));
  });

  it('has no signer without a valid secret', () => {
    expect(openKeyring([], open).signerAt(0)).toBeUndefined();
    const expiring = openKeyring([secret('old', 100)], open);
    expect(expiring.signerAt(99)?.sign(body)).toBe(openSigner('old').sign(body));
    expect(expiring.signerAt(100)).toBeUndefined();
  });

  it('opens each secret once', () => {
    let opened = 0;
    const ring = openKeyring([secret('new'), secret('old', 100)], sealed => {
      opened += 1;
      return open(sealed);
    });
    for (const nowMs of [0, 50, 150]) ring.signerAt(nowMs);
    expect(opened).toBe(2);
  });
});

describe('a generated secret', () => {
  it('is one that Standard Webhooks takes, and never the same', () => {
    const [one, other] = [createWebhookSecret(randomBytes), createWebhookSecret(randomBytes)];
    expect(one).not.toBe(other);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    new Webhook(one).verify('{}', {
      'webhook-id': 'i',
      'webhook-timestamp': timestamp,
      'webhook-signature': openSigner(one).signStandard('i', timestamp, body),
    });
  });
});
