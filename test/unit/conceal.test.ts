import { describe, expect, it } from 'vitest';

import { createConceal } from '../../src/dispatch/request/conceal.ts';

const secret = 'tøp "s3cret"/<&>\'+ 100%';
const bytes = Buffer.from(secret);
const json = JSON.stringify(secret).slice(1, -1);

describe('a secret in what a receiver says', () => {
  const conceal = createConceal([secret]);

  it.each([
    ['as it is', secret],
    ['in JSON', json],
    ['in JSON with escaped slashes', json.replaceAll('/', '\\/')],
    ['in JSON of ASCII alone, as Python and PHP write it', json.replaceAll('ø', '\\u00f8')],
    [
      'in JSON that is safe in HTML',
      json.replaceAll(
        /[<>&'+ø]/g,
        char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    ],
    ['in percent encoding', encodeURIComponent(secret)],
    [
      'in percent encoding of small letters',
      encodeURIComponent(secret).replaceAll(/%../g, two => two.toLowerCase()),
    ],
    ['as in a form', new URLSearchParams({ a: secret }).toString().slice(2)],
    ['in JSON in JSON', JSON.stringify(json).slice(1, -1)],
    ['in JSON in a form', encodeURIComponent(json)],
    ['in HTML', 'tøp &quot;s3cret&quot;/&lt;&amp;&gt;&#39;+ 100%'],
    ['in HTML as Python writes it', 'tøp &quot;s3cret&quot;/&lt;&amp;&gt;&#x27;+ 100%'],
    ['in HTML as PHP writes it', 'tøp &quot;s3cret&quot;/&lt;&amp;&gt;&#039;+ 100%'],
    [
      'in HTML as Handlebars writes it',
      secret.replaceAll(
        /[<>&"'/]/g,
        char => `&#x${char.codePointAt(0)?.toString(16).toUpperCase()};`,
      ),
    ],
    ['in JavaScript', secret.replaceAll(/["'/]/g, char => `\\x${char.charCodeAt(0).toString(16)}`)],
    ['as Python shows it', secret.replace("'", String.raw`\'`)],
    ['in base64', bytes.toString('base64').replace(/=+$/, '')],
    ['in base64 for URLs', bytes.toString('base64url')],
    ['in hex', bytes.toString('hex')],
  ])('is concealed %s', (_, form) => {
    expect(conceal(`before ${form} after`, false)).toMatch(/^before \*\*\*.{0,2} after$/u);
  });

  it.each([0, 1, 2, 3, 4])('is concealed in base64 of something longer, %i bytes in', before => {
    const longer = Buffer.from(`${'x'.repeat(before)}${secret} and more`).toString('base64');
    const shown = conceal(longer, false);
    expect(shown).toContain('***');
    expect(Buffer.from(shown.replace('***', ''), 'base64').toString()).not.toContain('s3cret');
  });

  it('is concealed where the end of what is kept cut it', () => {
    for (const form of [secret, json, encodeURIComponent(secret), bytes.toString('base64')]) {
      for (let length = 2; length < form.length - 2; length += 1) {
        expect(conceal(`echo: ${form.slice(0, length)}`, true)).toBe('echo: ***');
      }
    }
    expect(conceal('echo: t', true)).toBe('echo: t');
    expect(conceal('echo: tø', false)).toBe('echo: tø');
    expect(conceal(bytes.subarray(0, 2).toString(), true)).toBe('t\u{FFFD}');
    expect(createConceal(['topö'])(Buffer.from('topö').subarray(0, 4).toString(), true)).toBe(
      '***',
    );
  });

  it.each([
    ['of characters that mean something in expressions', '.*+?^${}()|[]\\-'.repeat(20)],
    ['of backslashes, and more', `tick${'\\'.repeat(2_000)}tock`],
    ['of escaped quotes', String.raw`\"`.repeat(2_000)],
    ['of characters that are escaped everywhere', `/+&"<'`.repeat(680)],
    ['of one letter', 'a'.repeat(4_096)],
    ['that looks like escapes', 'a%2Fb&amp;c\\u0041%25'.repeat(100)],
  ])('%s is concealed, and what nearly is one takes no time', (_, odd) => {
    const concealOdd = createConceal([odd, ...Array.from({ length: 30 }, (__, at) => odd + at)]);
    const inJson = JSON.stringify(odd).slice(1, -1);
    const began = performance.now();
    for (const form of [odd, inJson, encodeURIComponent(inJson)]) {
      expect(concealOdd(`before ${form}. after`, false)).toMatch(/^before .{0,2}\*\*\*\. after$/);
      const nearly = form.slice(0, -6);
      expect(concealOdd(`${nearly} after`, false)).toContain(nearly.slice(0, 20));
      expect(concealOdd(`before ${nearly}`, true)).toMatch(/^before .{0,2}\*\*\*$/);
    }
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('of backslashes alone takes nothing else with it', () => {
    expect(createConceal([String.raw`\\\\`])(String.raw`a\b`, true)).toBe(String.raw`a\b`);
  });

  it('is concealed as often as it is there', () => {
    expect(conceal(`${secret}${secret}, ${json}`, false)).toBe('******, ***');
  });
});

describe('a credential', () => {
  it('is concealed without its scheme, too', () => {
    expect(createConceal(['Bearer abcdefgh'])('token=abcdefgh', false)).toBe('token=***');
    expect(createConceal(['whsec_MfKQ9r8GKY'])('key MfKQ9r8GKY', false)).toBe('key ***');
  });

  it('of a user and a password is concealed decoded, and the password alone', () => {
    const basic = `Basic ${Buffer.from('hook:open sesame').toString('base64')}`;
    const conceal = createConceal([basic]);
    expect(conceal('hook:open sesame; open sesame; hook', false)).toBe('***; ***; hook');
  });

  it('that is short is concealed where it stands alone', () => {
    const conceal = createConceal(['a1']);
    expect(conceal('{"x-key":"a1"} a1b2 a1', false)).toBe('{"x-key":"***"} a1b2 ***');
    expect(conceal(String.raw`%22a1%22 \na1 \u0022a1\u0022 22a1`, false)).toBe(
      String.raw`%22***%22 \n*** \u0022***\u0022 22a1`,
    );
  });

  it('may be none', () => {
    expect(createConceal([])('text', true)).toBe('text');
    expect(createConceal([''])('text', true)).toBe('text');
  });
});
