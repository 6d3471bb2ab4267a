/** Reads `Retry-After`: seconds, or an HTTP date. Source: RFC 9110 section 10.2.3. */

/**
 * Reads the header.
 *
 * @param now milliseconds since 1970.
 * @returns milliseconds to wait, at least 0; undefined when there is no readable value.
 */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
