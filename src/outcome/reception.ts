/**
 * How a receiver took an attempt. A try is what a receiver that is up refused; an attempt that nobody answered, or that only
 * a proxy in front of the receiver did, costs none.
 *
 * Source: the error codes of node:net, node:dns and undici; RFC 9110 sections 15.6.3 to 15.6.5, RFC 6585 section 4.
 */
import { isSuccess, type SuccessCodes } from './classify.ts';

/**
 * - `accepted`: it has the delivery.
 * - `refused`: it is up and answered with anything else, or an egress rule keeps deliveries from it.
 * - `silent`: it cannot take deliveries now. No connection, no name, no TLS, no answer in time, 429, 502, 503, 504.
 * - `ours`: this machine could not even try, for want of descriptors, ports or memory. That says nothing about the receiver.
 */
export type Reception = 'accepted' | 'refused' | 'silent' | 'ours';

const silentStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const ourCodes: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
]);

/** An egress rule keeps deliveries from it, or it answers with what is not HTTP, which is an answer, too. */
const refusingCodes: ReadonlySet<string> = new Set([
  'egress_blocked',
  'not_http',
  'tls_instead',
  'http2_instead',
]);

/** @param errorCode code of the error, when no usable response arrived. */
export function receptionOf(
  { status, errorCode = '' }: { readonly status?: number; readonly errorCode?: string },
  success: SuccessCodes,
): Reception {
  if (status !== undefined) {
    if (isSuccess(status, success)) return 'accepted';
    return silentStatuses.has(status) ? 'silent' : 'refused';
  }
  if (ourCodes.has(errorCode)) return 'ours';
  return refusingCodes.has(errorCode) ? 'refused' : 'silent';
}
