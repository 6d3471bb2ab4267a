/**
 * Reads `Retry-After`: seconds, or an HTTP date in any of its three forms, which are all in GMT.
 *
 * Source: RFC 9110 sections 10.2.3 and 5.6.7.
 */

/**
 * Reads the header.
 *
 * @param value of several the longest counts.
 * @param now milliseconds since 1970.
 * @returns milliseconds to wait, at least 0; undefined when there is no readable value.
 */
export function retryAfterMs(
  value: string | readonly string[] | undefined,
  now: number,
): number | undefined {
  if (value === undefined) return undefined;
  const waits = [value].flat().flatMap(text => waitOf(text.trim(), now) ?? []);
  return waits.length === 0 ? undefined : Math.max(...waits);
}

function waitOf(text: string, now: number): number | undefined {
  if (/^\d+(\.\d*)?$/.test(text)) {
    const seconds = Math.min(Math.ceil(Number(text)), secondsMax);
    return seconds * 1_000;
  }
  // A list; dates have a comma of their own.
  const parts = text.split(/,\s*(?=\d+\s*(?:,|$))/);
  if (parts.length > 1) return retryAfterMs(parts, now);
  const at = timeOf(text);
  return at === undefined ? undefined : Math.max(0, at - now);
}

/** Whoever asks for longer asks for this long. */
const secondsMax = 1_000_000_000;

/** `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. */
const dates = [
  /^[a-z]+,? (?<day>\d{1,2})[ -](?<month>[a-z]{3})[ -](?<year>\d{4}|\d{2}) (?<time>\d{2}:\d{2}:\d{2})(?: (?:GMT|UTC|[+-]0000))?$/i,
  /^[a-z]{3} (?<month>[a-z]{3}) +(?<day>\d{1,2}) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/i,
];

function timeOf(text: string): number | undefined {
  const found = dates.map(date => date.exec(text)?.groups).find(groups => groups !== undefined);
  if (!found) return undefined;
  const { day = '', month = '', year = '', time = '' } = found;
  // Two digits are of this century: whoever asks for a wait means a day to come.
  const at = Date.parse(`${day} ${month} ${year.length === 2 ? `20${year}` : year} ${time} GMT`);
  return Number.isNaN(at) ? undefined : at;
}
