import { Request } from 'undici';
import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { formatCloudStack } from '../../src/format/cloud/cloudstack.ts';
import { attemptHeaders, headerValue } from '../../src/format/format.ts';
import { openSigner } from '../../src/format/sign.ts';
import { anyText } from '../fixtures/any-text.ts';

const anyEvent = fc.record(
  { id: fc.uuid({ version: 7 }), event: anyText, account: anyText, body: anyText },
  { requiredKeys: ['id', 'event', 'body'] },
);
const anyKey = fc.uint8Array({ minLength: 1, maxLength: 64 });
const pairsOf = (headers: readonly string[]) =>
  Object.fromEntries(
    Array.from({ length: headers.length / 2 }, (_, at) => [
      headers[at * 2] ?? '',
      headers[at * 2 + 1] ?? '',
    ]),
  );

describe('a signature', () => {
  it('is accepted by the Standard Webhooks library, keyed with whsec_<base64>', () => {
    fc.assert(
      fc.property(anyEvent, anyKey, (event, key) => {
        const secret = `whsec_${Buffer.from(key).toString('base64')}`;
        const rendered = formatCloudStack(event);
        const headers = pairsOf(attemptHeaders(rendered, Date.now(), openSigner(secret)));
        new Webhook(secret).verify(event.body, headers, { jsonParse: false });
        expect(() =>
          new Webhook(secret).verify(`${event.body} `, headers, { jsonParse: false }),
        ).toThrow('No matching signature');
      }),
    );
  });

  it('is accepted by the Standard Webhooks library, keyed with the UTF-8 of any other secret', () => {
    const anySecret = anyText.filter(text => text !== '' && !text.startsWith('whsec_'));
    fc.assert(
      fc.property(anyEvent, anySecret, (event, secret) => {
        const headers = pairsOf(
          attemptHeaders(formatCloudStack(event), Date.now(), openSigner(secret)),
        );
        const webhook = new Webhook(Buffer.from(secret), { format: 'raw' });
        webhook.verify(event.body, headers, { jsonParse: false });
        expect(headers['X-CS-Signature']).toMatch(/^[A-Za-z0-9+/]{43}=$/);
      }),
    );
  });

  it('changes with the body and with the secret', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyText, { minLength: 2, maxLength: 2 }),
        anyKey,
        ([one, two], key) => {
          const [body, other] = [Buffer.from(one ?? ''), Buffer.from(two ?? '')];
          const secret = Buffer.from(key).toString('hex');
          expect(openSigner(secret).sign(body)).not.toBe(openSigner(secret).sign(other));
          expect(openSigner(secret).sign(body)).not.toBe(openSigner(`${secret}0`).sign(body));
        },
      ),
    );
  });
});

describe('a header', () => {
  it('is one that can be sent, whatever the event says', () => {
    fc.assert(
      fc.property(anyEvent, event => {
        const headers = pairsOf(attemptHeaders(formatCloudStack(event), 0, openSigner('s')));
        const request = new Request('http://receiver.example.org/', { headers });
        for (const [name, value] of Object.entries(headers))
          expect(request.headers.get(name)).toBe(value);
      }),
    );
  });

  it('can be read back', () => {
    fc.assert(
      fc.property(anyText, text => {
        expect(decodeURIComponent(headerValue(text))).toBe(text);
      }),
    );
  });
});
