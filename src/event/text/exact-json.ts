/**
 * JSON whose numbers keep their digits. JavaScript reads numbers as IEEE 754 doubles, so that `9007199254740993` and
 * `9007199254740992`, two tenants' ids, become one.
 *
 * Source: RFC 8259, section 6 (integers beyond 2^53 are not interoperable); RFC 7493, section 2.2 (write them as text);
 * ECMAScript, JSON.parse with source text access and JSON.rawJSON.
 */

declare global {
  interface JSON {
    /** Part of ECMAScript that TypeScript does not declare yet. */
    rawJSON(text: string): object;
  }
}

/** Numbers of this form may have lost digits. Most messages have none, and are read once. */
const mayLose = /(?:^|[:,[\s])-?(?:\d[\d.]{14}|\d[\d.]*[eE])/;
/** A text, or a number outside of texts, in what is known to be JSON. */
const textOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
/** No double has more digits. A stranger's number may have millions, and comparing them takes longer than reading. */
const digitsMax = 400;
/** Two numbers of so few digits are never the same double (C's DBL_DIG). Nearly all are, and the comparison below is dear. */
const digitsKept = 15;

/** Whether `parseJson` and `parseJsonToWrite` may tell this text apart; false for nearly all. */
export const mayLoseDigits = (text: string): boolean => mayLose.test(text);

/**
 * Parses JSON as JSON.parse does, except that a whole number beyond 2^53 that a double would change is text of its
 * digits, as is one that a double would make a whole number, or infinite. Other fractions are the nearest double.
 *
 * @example parseJson('{"tenant":9007199254740993}') // { tenant: '9007199254740993' }
 * @throws {SyntaxError}
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!mayLoseDigits(text)) return value;
  return JSON.parse(
    text.replaceAll(textOrNumber, token => (isLossy(token) ? `"${token}"` : token)),
  );
}

/**
 * Parses JSON for being written again with every digit: numbers that `parseJson` would make texts are objects that
 * JSON.stringify writes as the numbers they were.
 *
 * @throws {SyntaxError}
 * @throws {RangeError} when it is nested too deeply, by thousands of levels.
 */
export function parseJsonToWrite(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!mayLoseDigits(text) || !losesDigits(text)) return value;
  return JSON.parse(text, (_key, one: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    return typeof one === 'number' && source !== undefined && isLossy(source)
      ? JSON.rawJSON(source)
      : one;
  });
}

/** Whether any number of the JSON is lossy. Calling back for each value takes ten times as long as looking for one. */
function losesDigits(json: string): boolean {
  for (const [token] of json.matchAll(textOrNumber)) if (isLossy(token)) return true;
  return false;
}

/** @param token a text with its quotes, or a number. */
function isLossy(token: string): boolean {
  if (token.startsWith('"')) return false;
  if (token.length > digitsMax) return true;
  const value = Number(token);
  if (!Number.isInteger(value)) return !Number.isFinite(value);
  if (value === 0) return /^[-.0]*[1-9]/.test(token);
  if (token.length <= digitsKept) return false;
  const shown = String(value);
  if (shown === token) return false;
  if (/[.eE]/.test(`${token}${shown}`)) return decimalOf(token) !== decimalOf(shown);
  return !Number.isSafeInteger(value);
}

/** The number in one spelling: sign, its digits from the first to the last that is not 0, and a power of ten. */
function decimalOf(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? ['', number];
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  if (digits === '') return '0';
  return `${sign}${digits}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(all.length - digits.length)}`;
}
