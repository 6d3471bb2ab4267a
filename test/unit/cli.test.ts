import { createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';

import { parseCsv } from '../../src/cli/directory/csv.ts';
import { showFacts, showTable } from '../../src/cli/terminal/show.ts';
import { checkSignatures } from '../../src/cli/receiver/verify.ts';
import { widthOf } from '../../src/cli/terminal/width.ts';
import { anyText } from '../fixtures/any-text.ts';

describe('a table', () => {
  const columns = 'id payloadUrl hasSecret';

  it('has a line of titles and columns as wide as they need', () => {
    const rows = [
      { id: '1', payloadUrl: 'http://a', hasSecret: true },
      { id: '22', payloadUrl: null, hasSecret: false },
    ];
    expect(showTable(rows, columns)).toBe(
      ['ID  PAYLOAD URL  HAS SECRET', '1   http://a     yes', '22  –            no'].join('\n'),
    );
  });

  it('gives way where it is widest, and keeps what names the row', () => {
    const rows = [
      { id: 'i'.repeat(36), payloadUrl: `https://${'x'.repeat(80)}`, hasSecret: true },
      { id: 'i'.repeat(36), payloadUrl: 'http://a', hasSecret: false },
    ];
    const [title = '', first, second] = showTable(rows, columns, 70).split('\n');
    expect(first).toBe(`${'i'.repeat(36)}  https://${'x'.repeat(11)}…  yes`);
    expect(second).toBe(`${'i'.repeat(36)}  http://a              no`);
    expect(title.length).toBe(70);
    expect(showTable(rows, columns)).toContain('x'.repeat(80));
  });

  it('is cut to a terminal that is too narrow for anything else', () => {
    const rows = [{ id: 'x'.repeat(50), payloadUrl: 'http://a', hasSecret: true }];
    expect(showTable(rows, columns, 20).split('\n')[1]).toBe(`${'x'.repeat(19)}…`);
  });

  it('is never wider than the terminal, whatever is in it', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 60 });
    const row = fc.record({ id: cell, payloadUrl: cell, hasSecret: cell });
    fc.assert(
      fc.property(fc.array(row), fc.integer({ min: 1, max: 120 }), (rows, width) => {
        const lines = showTable(rows, columns, width).split('\n');
        expect(lines.filter(line => widthOf(line) > width)).toEqual([]);
      }),
    );
  });

  it('stays in line where letters are two columns wide', () => {
    const rows = [
      { id: '計算機', payloadUrl: 'a' },
      { id: 'é', payloadUrl: 'b' },
    ];
    expect(showTable(rows, 'id payloadUrl')).toBe(
      ['ID      PAYLOAD URL', '計算機  a', 'é       b'].join('\n'),
    );
  });

  it('lets no control character of a stranger reach the terminal', () => {
    fc.assert(
      fc.property(anyText, text => {
        const shown =
          showTable([{ id: text }], 'id') + showFacts({ [text]: [text], x: { a: text } });
        expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202E\u2066]/u);
      }),
    );
    expect(showFacts({ event: '\u001B[2J\u202Egone' })).toBe('event  \\u001b[2J\\u202egone');
  });
});

describe('facts', () => {
  it('stand below each other, lists and objects below their name', () => {
    const text = showFacts({
      id: '1',
      tries: null,
      owed: ['a', 'b'],
      headers: { x: 1 },
      'X-CS-Signature': 'valid',
      payloadUrl: 'http://a',
      filters: [{ mode: 'Include', value: 'A' }],
    });
    expect(text).toBe(
      [
        'id              1',
        'tries           –',
        'owed            a',
        '                b',
        'headers         x: 1',
        'X-CS-Signature  valid',
        'payload url     http://a',
        'filters         mode=Include value=A',
      ].join('\n'),
    );
  });
});

const quote = (value: string): string => `"${value.replaceAll('"', '""')}"`;

describe('CSV', () => {
  it.each([
    [
      'id,name\n1,a\n2,b\n',
      [
        { id: '1', name: 'a' },
        { id: '2', name: 'b' },
      ],
    ],
    ['id,name\r\n1,"a, ""b""\nc"\r\n', [{ id: '1', name: 'a, "b"\nc' }]],
    ['\uFEFFid,parentId\n1,\n', [{ id: '1' }]],
    [' id , name\n1,a', [{ id: '1', name: 'a' }]],
    ['id,name\n\n1,a\n\n', [{ id: '1', name: 'a' }]],
    ['id\n', []],
    ['', []],
  ])('%j', (text, rows) => {
    expect(parseCsv(text)).toEqual(rows);
  });

  it.each([
    ['id,name\n1\n', 'Line 2 has 1 values, expected 2: id,name'],
    ['id\n"open\n', 'a quote is missing'],
    ['id\na"b\n', 'a quote is missing'],
  ])('refuses %j', (text, message) => {
    expect(() => parseCsv(text)).toThrow(message);
  });

  it('reads back whatever was written by the rules', () => {
    const cell = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(fc.array(fc.record({ id: cell, name: cell })), rows => {
        const text = ['id,name', ...rows.map(({ id, name }) => `${quote(id)},${quote(name)}`)].join(
          '\n',
        );
        expect(parseCsv(text)).toEqual(rows);
      }),
    );
  });
});

describe('the receiver for trying things out', () => {
  // The body and secret of the reference "CloudStack", section 2.5, are checked with the formats; here: the upstream vector.
  const secret =
    'Pj4pnwSUBZ4wQFXw2zWdVY1k5Ku9bIy70wCNG1DmS8keO7QapCLw2Axtgc2nEPYzfFCfB38ATNLt6caDqU2dSw';
  const body = Buffer.from('CloudStack works!');
  const cloudStack = 'HYLWSII5Ap23WeSaykNsIo6mOhmV3d18s5p2cq2ebCA=';
  const nowMs = Date.parse('2026-11-21T10:00:00Z');
  const verdicts = (headers: Record<string, string>, key = secret, bytes = body) =>
    checkSignatures({ headers, body: bytes }, key, nowMs).map(({ verdict }) => verdict);

  it("knows CloudStack's signature, in base64 and in hex", () => {
    expect(verdicts({ 'x-cs-signature': cloudStack })[0]).toBe('valid');
    const hex = Buffer.from(cloudStack, 'base64').toString('hex');
    expect(verdicts({ 'x-cs-signature': hex })[0]).toBe('valid');
    expect(verdicts({ 'x-cs-signature': cloudStack }, 'another')[0]).toBe('wrong');
    expect(verdicts({ 'x-cs-signature': cloudStack }, secret, Buffer.from('x'))[0]).toBe('wrong');
    expect(verdicts({ 'x-cs-signature': 'nonsense' })[0]).toBe('wrong');
    expect(verdicts({})[0]).toBe('missing');
  });

  it('knows a Standard Webhooks signature, whose key is the decoded secret', () => {
    const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const sign = (at: number) => ({
      'webhook-id': 'msg',
      'webhook-timestamp': String(at / 1000),
      'webhook-signature': `v1,AAAA ${new Webhook(key).sign('msg', new Date(at), body.toString())}`,
    });
    expect(verdicts(sign(nowMs), key)[1]).toBe('valid');
    expect(verdicts(sign(nowMs - 301_000), key)[1]).toBe('out of date');
    expect(verdicts(sign(nowMs), key, Buffer.from('x'))[1]).toBe('wrong');
    expect(verdicts({ ...sign(nowMs), 'webhook-id': 'other' }, key)[1]).toBe('wrong');
    expect(verdicts({ 'webhook-id': 'msg' }, key)[1]).toBe('missing');
  });

  it('takes the typed bytes for the key where the secret does not read whsec_<base64>', () => {
    const at = String(nowMs / 1000);
    const mac = createHmac('sha256', 'plain').update(`msg.${at}.`).update(body).digest('base64');
    const headers = {
      'webhook-id': 'msg',
      'webhook-timestamp': at,
      'webhook-signature': `v1,${mac}`,
    };
    expect(verdicts(headers, 'plain')[1]).toBe('valid');
  });
});
