import { describe, expect, it } from 'vitest';

import { openSigner, signTogether } from '../../src/format/sign.ts';
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

  it.each(['webhook-secret', 'whsec_', 'whsec_not base64', 'whsec_abcde', 'xwhsec_c2VjcmV0'])(
    'keys with the typed secret when it is %s',
    secret => {
      const typed = openSigner(secret).sign(Buffer.from('id.1.body'));
      expect(openSigner(secret).signStandard('id', '1', Buffer.from('body'))).toBe(`v1,${typed}`);
    },
  );

  it('keys with the same bytes with or without padding', () => {
    const [padded, bare] = ['whsec_c2VjcmV0cw==', 'whsec_c2VjcmV0cw'].map(secret =>
      openSigner(secret).signStandard('id', '1', Buffer.from('body')),
    );
    expect(padded).toBe(bare);
    expect(padded).toBe(openSigner('secrets').signStandard('id', '1', Buffer.from('body')));
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
