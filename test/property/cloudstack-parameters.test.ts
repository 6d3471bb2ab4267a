import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { writeAnswer } from '../../src/api/cloudstack/request/answer.ts';
import { readArguments } from '../../src/api/cloudstack/request/arguments.ts';
import { CommandError } from '../../src/api/cloudstack/request/command-error.ts';
import { commands } from '../../src/api/cloudstack/commands.ts';
import { parseDate, parseZoned } from '../../src/api/cloudstack/request/instant.ts';
import {
  decodeParameters,
  foldNames,
  splitParameters,
} from '../../src/api/cloudstack/request/parameters.ts';
import type { Parameters } from '../../src/api/cloudstack/request/parameters.ts';
import {
  canonicalQuery,
  isSignatureOf,
  signQueryText,
} from '../../src/directory/cloudstack/cloudstack-signature.ts';
import { roles } from '../../src/store/schema/access-words.ts';
import { anyText } from '../fixtures/any-text.ts';

const text = anyText;
const name = fc.oneof(
  text.filter(one => one !== ''),
  fc.constantFrom('__proto__', 'constructor', 'command', 'Signature', 'apiKey', 'response', 'id'),
);
const params = fc
  .array(fc.tuple(name, text), { maxLength: 20 })
  .map(pairs => new Map(pairs.map(([key, value]) => [key, value])));
const raw = fc.oneof(
  anyText,
  fc.string({ unit: fc.constantFrom('&', '=', '%', '+', 'a', 'Z', '2', 'f', ' ', '\u00e9') }),
);
const encode = (params_: ReadonlyMap<string, string>, blank: string): string =>
  [...params_]
    .map(pair => pair.map(part => encodeURIComponent(part).replaceAll('%20', blank)).join('='))
    .join('&');

const parseParameters = (query: string, form: string): Parameters =>
  decodeParameters(splitParameters(query, form));

/** Runs it; only the API's own refusal is an answer, anything else is a defect. */
function orRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

describe('parameters', () => {
  it('are read or refused, whatever comes', () => {
    fc.assert(
      fc.property(raw, raw, (query, form) => {
        const parsed = orRefused(() => parseParameters(query, form));
        const folded = parsed && orRefused(() => foldNames(parsed));
        for (const key of folded?.keys() ?? []) expect(key).toBe(key.toLowerCase());
      }),
    );
  });

  it('come back as they were sent, with blanks as `+` or as `%20`, in a query or a form', () => {
    fc.assert(
      fc.property(params, fc.constantFrom('+', '%20'), (sent, blank) => {
        const encoded = encode(sent, blank);
        expect([...parseParameters(encoded, '')]).toEqual([...sent]);
        expect([...parseParameters('', encoded)]).toEqual([...sent]);
      }),
    );
  });

  it("take the query's last value of a name, before the form's first", () => {
    fc.assert(
      fc.property(params, params, params, (first, last, form) => {
        const parsed = parseParameters(
          `${encode(first, '+')}&${encode(last, '+')}`,
          encode(form, '+'),
        );
        const expected = new Map([...form, ...first, ...last]);
        expect(Object.fromEntries(parsed)).toEqual(Object.fromEntries(expected));
        const doubled = parseParameters('', `${encode(form, '+')}&${encode(last, '+')}`);
        expect(Object.fromEntries(doubled)).toEqual(
          Object.fromEntries(new Map([...last, ...form])),
        );
      }),
    );
  });

  it('never reach a prototype', () => {
    const parsed = foldNames(parseParameters('__proto__=x&constructor=y&__proto__.admin=true', ''));
    expect(parsed.get('__proto__')).toBe('x');
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
    const answer = writeAnswer('json', 'r', Object.fromEntries(parsed));
    expect(answer).toBe('{"r":{"__proto__":"x","constructor":"y","__proto__.admin":"true"}}');
  });

  it('are at most five hundred', () => {
    const many = Array.from({ length: 501 }, (_, index) => `p${index}=x`).join('&');
    expect(() => parseParameters(many, '')).toThrow(
      'Malformed parameters: more than 500 parameters',
    );
  });

  it('without control characters, of any command and for any role, are read or refused', () => {
    const command = fc.constantFrom(...commands);
    const values = fc.oneof(text, fc.constantFrom('true', '1', '-1', '2026-01-01', ''));
    fc.assert(
      fc.property(
        command,
        fc.constantFrom(...roles),
        fc.infiniteStream(values),
        (of, role, some) => {
          const given = of.parameters.map(
            parameter => [parameter.name, some.next().value ?? ''] as const,
          );
          orRefused(() => readArguments(of, new Map(given), role));
        },
      ),
    );
  });

  it('that are dates are read or not, whatever they are', () => {
    fc.assert(
      fc.property(raw, fc.boolean(), (some, isEnd) => {
        const dates = [parseDate(some, isEnd), parseZoned(some)];
        expect(dates.some(date => date !== undefined && Number.isNaN(date.getTime()))).toBe(false);
      }),
    );
  });
});

describe('a signature', () => {
  it('is right for what was signed, in any order', () => {
    fc.assert(
      fc.property(params, text, (sent, secret) => {
        const signature = signQueryText(canonicalQuery(sent), secret);
        const arrived = new Map([['signature', signature], ...[...sent].toReversed()]);
        const kept = [...sent].filter(([key]) => key.toLowerCase() !== 'signature');
        fc.pre(kept.length === sent.size);
        expect(isSignatureOf(signature, canonicalQuery(arrived), secret)).toBe(true);
      }),
    );
  });

  it('is wrong for any other value, name, secret or signature', () => {
    fc.assert(
      fc.property(params, name, text, text, (sent, key, value, other) => {
        const changed = new Map(sent).set(key, value);
        const query = canonicalQuery(sent);
        const signature = signQueryText(query, 'secret');
        const isSame = canonicalQuery(changed).toLowerCase() === query.toLowerCase();
        expect(isSignatureOf(signature, canonicalQuery(changed), 'secret')).toBe(isSame);
        // HMAC fills a key up with zero bytes, so one that ends in them is the same (RFC 2104, section 2).
        expect(isSignatureOf(signature, query, `secret${other}`)).toBe(/^\0*$/.test(other));
        expect(isSignatureOf(other, query, 'secret')).toBe(other === signature);
      }),
    );
  });
});
