/**
 * Signatures over exactly the bytes that are sent.
 *
 * One secret serves two kinds of receivers: CloudStack's use the UTF-8 bytes of the typed text as the key, Standard
 * Webhooks' the decoded bytes of `whsec_<base64>`. Of base64 without the prefix, their libraries decode the text all the same, and
 * whoever verifies by hand uses the typed bytes; so it makes a signature of each. Of any other text the typed bytes are the key.
 *
 * Source: apache/cloudstack, WebhookDeliveryThread and HMACSignUtil; Standard Webhooks 1.0, "Signature scheme".
 */
import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Encodings of `X-CS-Signature`. CloudStack's code writes base64, its design page says hex; the webhook chooses, or the key
 * `signature.encoding` where it does not.
 */
export const signatureEncodings = ['base64', 'hex'] as const;
export type SignatureEncoding = (typeof signatureEncodings)[number];

/** A signer with the keys of one secret: created when the secret is opened, kept as long as the webhook is used. */
export interface Signer {
  /** Signs the body with HMAC-SHA256, as in `X-CS-Signature`. @param encoding the format's, where it requires one. */
  sign(body: Buffer, encoding?: SignatureEncoding): string;
  /**
   * Signs `<id>.<timestamp>.<body>` with HMAC-SHA256, as in `webhook-signature`: `v1,<base64>`, one for each key, separated by spaces.
   *
   * @param timestamp whole seconds since the epoch, exactly as `webhook-timestamp` has them.
   */
  signStandard(id: string, timestamp: string, body: Buffer): string;
}

/**
 * Creates a signer. @throws {RangeError} for an empty secret, which would sign nothing; a webhook without a secret has
 * no signer.
 */
export function openSigner(secret: string, encoding: SignatureEncoding = 'base64'): Signer {
  if (secret === '') throw new RangeError('the secret is empty');
  const typed = createSecretKey(secret, 'utf8');
  const keys = standardKeys(secret, typed);
  return {
    sign: (body, asked = encoding) => createHmac('sha256', typed).update(body).digest(asked),
    signStandard: (id, timestamp, body) =>
      keys
        .map(key => createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body))
        .map(hmac => `v1,${hmac.digest('base64')}`)
        .join(' '),
  };
}

/**
 * Signs with several secrets while one replaces another: `webhook-signature` has a signature of each, separated by
 * spaces. The header of the webhook's format holds a single signature, made with the first secret.
 *
 * Source: Standard Webhooks 1.0, "Signature scheme" (multiple signatures).
 *
 * @returns undefined for none.
 */
export function signTogether(signers: readonly Signer[]): Signer | undefined {
  const [first, ...others] = signers;
  if (!first || others.length === 0) return first;
  return {
    sign: (...signed) => first.sign(...signed),
    signStandard: (...signed) => signers.map(signer => signer.signStandard(...signed)).join(' '),
  };
}

const STANDARD_SECRET =
  /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?)$/;

function standardKeys(secret: string, typed: KeyObject): readonly KeyObject[] {
  const base64 = STANDARD_SECRET.exec(secret)?.[1];
  if (base64 !== undefined && base64 !== '') return [createSecretKey(base64, 'base64')];
  if (!isBase64(secret) || secret.length < generatedLengthMin) return [typed];
  return [typed, createSecretKey(secret, 'base64')];
}

/** Length of 16 bytes in base64: what is shorter is a word that happens to look like it. */
const generatedLengthMin = 24;

/** Whether it is base64 in the one form that every decoder takes: the usual alphabet, padded, no bit set that says nothing. */
const isBase64 = (text: string): boolean =>
  text !== '' && Buffer.from(text, 'base64').toString('base64') === text;

const prefix = 'whsec_';

/**
 * Checks a secret before it is saved. @returns the reason why it cannot be used: with `whsec_`, libraries of Standard Webhooks take
 * nothing but base64 behind it, each in another strictness.
 */
export function refuseSecret(secret: string): string | undefined {
  if (!secret.startsWith(prefix) || isBase64(secret.slice(prefix.length))) return undefined;
  return `${prefix} has to be followed by base64 with its padding, in the alphabet with + and /, and nothing else: no library of Standard Webhooks, or not every one, takes this secret. Leave out ${prefix} if it is not base64`;
}
