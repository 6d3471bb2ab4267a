/** How values are shown: secrets masked, also those inside URLs. */
import type { Key } from './key.ts';

export const masked = '***';

/** A value as it may be printed: JSON, with secrets masked. */
export function showValue(value: unknown, key?: Key): string {
  return JSON.stringify(maskValue(value, key)) ?? 'nothing';
}

/** The same value with secrets masked; null, which is no secret, stays. */
export function maskValue(value: unknown, key?: Key): unknown {
  if (value === null || value === undefined) return value;
  if (key?.sensitive === true) return masked;
  if (typeof value === 'string') return maskUrl(value);
  return Array.isArray(value) ? value.map(item => maskValue(item)) : value;
}

/**
 * Replaces the password of a URL, also of one so wrong that it cannot be parsed; other text stays as it is.
 *
 * @example maskUrl('amqp://guest:guest@localhost/%2F') // 'amqp://guest:***@localhost/%2F'
 */
export function maskUrl(text: string): string {
  // Greedy up to the last @: a password that was not percent-encoded may hold @ and / itself.
  return text
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)?([^:@]*):.*@/is, `$1$2:${masked}@`)
    .replaceAll(/([?&](?:password|sslpassword|token|secret)=)[^&\s]*/gi, `$1${masked}`);
}
