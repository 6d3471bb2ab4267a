/** Secrets that a receiver wants to see instead of a signature made with them: in a header, or in the body. */
import type { FormatOptions } from './format.ts';

/**
 * Matches visible ASCII that neither JSON nor a header spells in another way, so that it is found wherever it has to be
 * hidden.
 */
const CREDENTIAL = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Checks the secret of formats that take `secretKey`. @returns the reason why it cannot be used. */
export function refuseCredential({ secretKey }: FormatOptions): string | undefined {
  if (secretKey === undefined || CREDENTIAL.test(secretKey)) return undefined;
  return 'secretKey is sent as it is: expected visible ASCII without quotation mark and backslash';
}
