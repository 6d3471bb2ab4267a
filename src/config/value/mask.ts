/** Masks secrets in values that are shown, including passwords inside URLs. */
import type { Key } from './key.ts';

export const masked = '***';

/** The value as JSON with secrets masked, for messages. */
export function showValue(value: unknown, key?: Key): string {
  return JSON.stringify(maskValue(value, key)) ?? 'nothing';
}

/** The value with secrets masked; null and undefined stay. */
export function maskValue(value: unknown, key?: Key): unknown {
  if (value === null || value === undefined) return value;
  if (key?.sensitive === true) return masked;
  if (typeof value === 'string') return maskUrl(value);
  return Array.isArray(value) ? value.map(item => maskValue(item)) : value;
}

/**
 * Masks the password in a URL, even in one too malformed to be parsed; other text is returned unchanged.
 *
 * @example maskUrl('amqp://guest:guest@localhost/%2F') // 'amqp://guest:***@localhost/%2F'
 */
export function maskUrl(text: string): string {
  // Greedy up to the last @: a password that was not percent-encoded may hold @ and / itself.
  return text
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)?([^:@]*):.*@/is, `$1$2:${masked}@`)
    .replaceAll(/([?&](?:password|sslpassword|token|secret)=)[^&\s]*/gi, `$1${masked}`);
}
