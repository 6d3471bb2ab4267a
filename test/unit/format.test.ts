import { describe, expect, it } from 'vitest';

import { formatCloudStack } from '../../src/format/cloud/cloudstack.ts';
import { attemptHeaders, headerValue } from '../../src/format/format.ts';
import { openSigner } from '../../src/format/sign.ts';
import { account, samples, signatureSecret } from '../fixtures/cloudstack.ts';

const id = '01a1fb67-1801-7abc-8def-0123456789ab';
const { body, signature, envelope } = samples.volumeAttached;
const sentAtMs = 1_720_598_707_999;

describe('formatCloudStack', () => {
  it('sends the body byte for byte', () => {
    const text = `\ufeff ${body}\r\n`;
    expect(formatCloudStack({ ...envelope, id, body: text }).body).toEqual(Buffer.from(text));
  });

  it("has CloudStack's headers, Standard Webhooks', and both signatures", () => {
    const rendered = formatCloudStack({ ...envelope, id, body });
    const signer = openSigner(signatureSecret);
    expect(attemptHeaders(rendered, sentAtMs, signer)).toEqual(
      [
        ['X-CS-Event-ID', id],
        ['X-CS-Event', 'VOLUME.ATTACH'],
        ['User-Agent', `CS-Hookshot/${account}`],
        ['Content-Type', 'application/json'],
        ['webhook-id', id],
        ['webhook-timestamp', '1720598707'],
        ['X-CS-Signature', signature],
        ['webhook-signature', signer.signStandard(id, '1720598707', Buffer.from(body))],
      ].flat(),
    );
  });

  it('has no signature without a secret', () => {
    const names = attemptHeaders(
      formatCloudStack({ id, event: 'VM.START', body }),
      sentAtMs,
    ).filter((_, at) => at % 2 === 0);
    expect(names).toEqual([
      'X-CS-Event-ID',
      'X-CS-Event',
      'User-Agent',
      'Content-Type',
      'webhook-id',
      'webhook-timestamp',
    ]);
  });

  it('names no account where the event has none', () => {
    expect(formatCloudStack({ id, event: 'ALERT.MEMORY', body }).headers).toContain('CS-Hookshot');
  });

  it('gives every attempt headers of its own', () => {
    const rendered = formatCloudStack({ id, event: 'VM.START', body });
    attemptHeaders(rendered, sentAtMs).push('X-Other', '1');
    expect(attemptHeaders(rendered, sentAtMs)).not.toContain('X-Other');
  });
});

it.each([
  ['VM.START', 'VM.START'],
  ['compute.instance create.end', 'compute.instance create.end'],
  ['VM\r\nX-Admin: 1', 'VM%0D%0AX-Admin: 1'],
  ['\0\t', '%00%09'],
  [' VM ', '%20VM%20'],
  ['100%', '100%25'],
  ['größe🚀', 'gr%C3%B6%C3%9Fe%F0%9F%9A%80'],
  ['', ''],
])('a header says %j as %j', (text, value) => {
  expect(headerValue(text)).toBe(value);
});
