import { createHmac } from 'node:crypto';

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { openSigner, refuseSecret, signTogether } from '../../src/format/sign.ts';
import { samples, signatureSecret } from '../fixtures/cloudstack.ts';

describe('X-CS-Signature', () => {
  it('is what CloudStack computes in its own unit test', () => {
    const signer = openSigner(
      'Pj4pnwSUBZ4wQFXw2zWdVY1k5Ku9bIy70wCNG1DmS8keO7QapCLw2Axtgc2nEPYzfFCfB38ATNLt6caDqU2dSw',
    );
    expect(signer.sign(Buffer.from('CloudStack works!'))).toBe(
      'HYLWSII5Ap23WeSaykNsIo6mOhmV3d18s5p2cq2ebCA=',
    );
  });

  it.each(['volumeAttached', 'vmStartFailed', 'accountDeleted'] as const)(
    'of the sample %s is the one CloudStack sends',
    name => {
      expect(openSigner(signatureSecret).sign(Buffer.from(samples[name].body))).toBe(
        samples[name].signature,
      );
    },
  );

  it('can be written in hex', () => {
    const body = Buffer.from(samples.volumeAttached.body);
    expect(openSigner(signatureSecret, 'hex').sign(body)).toBe(
      Buffer.from(samples.volumeAttached.signature, 'base64').toString('hex'),
    );
  });

  it('keys with the typed secret, whether or not Standard Webhooks would decode it', () => {
    // Computed with OpenSSL: printf 'hi' | openssl dgst -sha256 -hmac whsec_c2VjcmV0 -binary | base64
    expect(openSigner('whsec_c2VjcmV0').sign(Buffer.from('hi'))).toBe(
      'A8aarVvS5nIZ8vQ/JE3oz0t7/7PdAu9VJx3Vi1ojYus=',
    );
  });
});

describe('webhook-signature', () => {
  it('is the one of the Standard Webhooks specification', () => {
    const signer = openSigner('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const body = Buffer.from('{"test": 2432232314}');
    expect(signer.signStandard('msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', body)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it.each([
    'mine',
    'password',
    'webhook-secret',
    'whsec_',
    'whsec_not base64',
    'whsec_abcde',
    'xwhsec_c2VjcmV0',
  ])('keys with the typed secret when it is %s', secret => {
    const typed = openSigner(secret).sign(Buffer.from('id.1.body'));
    expect(openSigner(secret).signStandard('id', '1', Buffer.from('body'))).toBe(`v1,${typed}`);
  });

  it.each([
    Buffer.from('a key of any bytes, decoded').toString('base64'),
    '0123456789abcdef0123456789abcdef',
  ])(
    'is one with the typed bytes and one with the decoded ones when the secret is base64: %s',
    secret => {
      const body = Buffer.from('{"a":1}');
      const [typed, decoded, ...more] = openSigner(secret).signStandard('id', '1', body).split(' ');
      expect(more).toEqual([]);
      expect(typed).toBe(`v1,${openSigner(secret).sign(Buffer.from('id.1.{"a":1}'))}`);
      expect(decoded).toBe(openSigner(`whsec_${secret}`).signStandard('id', '1', body));
    },
  );

  it.each([
    ['whsec_ and base64', `whsec_${Buffer.alloc(24, 7).toString('base64')}`],
    ['base64 alone, as openssl rand makes it', Buffer.alloc(32, 0xfb).toString('base64')],
    ['hex', Buffer.alloc(16, 0xab).toString('hex')],
  ])('is verified by a library of Standard Webhooks with a secret of %s', (_, secret) => {
    const now = Math.floor(Date.now() / 1_000).toString();
    const signature = openSigner(secret).signStandard('msg_1', now, Buffer.from('{"a":1}'));
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': now,
      'webhook-signature': signature,
    };
    expect(new Webhook(secret).verify('{"a":1}', headers)).toEqual({ a: 1 });
    expect(() => new Webhook(secret).verify('{"a":2}', headers)).toThrow('No matching signature');
  });

  it('keys with the same bytes with or without padding', () => {
    const [padded, bare] = ['whsec_c2VjcmV0cw==', 'whsec_c2VjcmV0cw'].map(secret =>
      openSigner(secret).signStandard('id', '1', Buffer.from('body')),
    );
    expect(padded).toBe(bare);
    expect(padded).toBe(openSigner('secrets').signStandard('id', '1', Buffer.from('body')));
  });
});

describe('a secret that is saved', () => {
  const base64 = Buffer.alloc(32, 0xfb).toString('base64');

  it.each([`whsec_${base64}`, base64, 's3cr3t', 'hunter2 ', 'WHSEC_hello', 'a-b_c'])(
    'may be %j',
    secret => {
      expect(refuseSecret(secret)).toBeUndefined();
    },
  );

  it.each([
    'whsec_',
    'whsec_hello',
    `whsec_${base64}\n`,
    ` whsec_${base64}`.trimStart() + ' ',
    `whsec_${base64.replaceAll('+', '-').replaceAll('/', '_')}`,
    `whsec_${base64.replaceAll('=', '')}`,
    'whsec_c2VjcmV0cx==',
    'whsec_not base64',
  ])('cannot be %j, which some or all libraries refuse', secret => {
    expect(refuseSecret(secret)).toContain('followed by base64 with its padding');
  });
});

describe('either signature', () => {
  it.each([0, 1, 65_440, 65_536, 200_000])('of a body of %i bytes is the HMAC of Node.js', size => {
    const body = Buffer.alloc(size, 'ü');
    for (const length of [1, 63, 64, 65, 300]) {
      const secret = '-'.repeat(length);
      const hmac = () => createHmac('sha256', secret);
      const signer = openSigner(secret);
      expect(signer.sign(body, 'hex')).toBe(hmac().update(body).digest('hex'));
      expect(signer.signStandard('id', '1', body)).toBe(
        `v1,${hmac().update('id.1.').update(body).digest('base64')}`,
      );
    }
  });
});

it('refuses an empty secret', () => {
  expect(() => openSigner('')).toThrow(RangeError);
});

describe('several secrets', () => {
  const [one, two] = [openSigner('one'), openSigner('two')];
  const body = Buffer.from('{}');

  it('make a signature each in webhook-signature, and the first makes CloudStack’s', () => {
    const both = signTogether([two, one]);
    expect(both?.sign(body)).toBe(two.sign(body));
    expect(both?.signStandard('i', '1', body)).toBe(
      `${two.signStandard('i', '1', body)} ${one.signStandard('i', '1', body)}`,
    );
  });

  it('are as good as one when there is one, and as none when there is none', () => {
    expect(signTogether([one])).toBe(one);
    expect(signTogether([])).toBeUndefined();
  });
});
