import { describe, expect, it } from 'vitest';

import { parseJson, parseJsonToWrite } from '../../src/event/text/exact-json.ts';

describe('a number', () => {
  it.each<readonly [string, unknown]>([
    ['9007199254740993', '9007199254740993'],
    ['-9007199254740993', '-9007199254740993'],
    ['12345678901234567890', '12345678901234567890'],
    ['9007199254740993.0', '9007199254740993.0'],
    ['9007199254740993e0', '9007199254740993e0'],
    ['4.00000000000000000001', '4.00000000000000000001'],
    ['1e400', '1e400'],
    ['1e-400', '1e-400'],
    ['-0.01e-400', '-0.01e-400'],
    [`1${'0'.repeat(400)}1`, `1${'0'.repeat(400)}1`],
  ])('that a double would change is text: %s', (digits, kept) => {
    expect(parseJson(`{"n": ${digits}}`)).toEqual({ n: kept });
    expect(parseJson(`[0,${digits}\n]`)).toEqual([0, kept]);
    expect(parseJson(digits)).toBe(kept);
  });

  it.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992],
    ['123456789012345680000', 123456789012345680000],
    ['1e21', 1e21],
    ['1.5E+300', 1.5e300],
    ['4.0000000000000000000', 4],
    ['-0', -0],
    ['-0.00e999', -0],
    ['1.23456789012e308', 1.23456789012e308],
    ['0.30000000000000004', 0.1 + 0.2],
    ['0.1234567890123456789', 0.12345678901234568],
  ])('that a double holds, or that is a fraction, stays one: %s', (digits, kept) => {
    expect(parseJson(`{"n":${digits}}`)).toEqual({ n: kept });
  });

  it('in a text, or in a key, is left alone', () => {
    const text = String.raw`{"9007199254740993":"a \"9007199254740993, b\\","n":9007199254740993}`;
    expect(parseJson(text)).toEqual({
      '9007199254740993': String.raw`a "9007199254740993, b` + '\\',
      n: '9007199254740993',
    });
  });

  it('is written as it was read', () => {
    const text = '{"n":9007199254740993,"m":[1,1e400],"s":"9007199254740993"}';
    expect(JSON.stringify(parseJsonToWrite(text))).toBe(text);
  });
});

it.each(['{"n":01234567890123456789}', '9007199254740993 9007199254740993', '["9007199254740993'])(
  'is no JSON where JSON.parse says so: %s',
  text => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
    expect(() => parseJsonToWrite(text)).toThrow(SyntaxError);
  },
);
