/**
 * Signatures over exactly the bytes that are sent.
 *
 * One secret serves two kinds of receivers: CloudStack's use the UTF-8 bytes of the typed text as the key, Standard
 * Webhooks' the decoded bytes of `whsec_<base64>`. Of base64 without the prefix, their libraries decode the text all the same, and
 * whoever verifies by hand uses the typed bytes; so it makes a signature of each. Of any other text the typed bytes are the key.
 *
 * Source: apache/cloudstack, WebhookDeliveryThread and HMACSignUtil; Standard Webhooks 1.0, "Signature scheme"; RFC 2104
 * section 2 (HMAC).
 */
import { hash } from 'node:crypto';

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
  const typed = createMac(Buffer.from(secret));
  const macs = standardMacs(secret, typed);
  return {
    sign: (body, asked = encoding) => typed('', body, asked),
    signStandard: (id, timestamp, body) =>
      macs.map(mac => `v1,${mac(`${id}.${timestamp}.`, body, 'base64')}`).join(' '),
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

function standardMacs(secret: string, typed: Mac): readonly Mac[] {
  const base64 = STANDARD_SECRET.exec(secret)?.[1];
  if (base64 !== undefined && base64 !== '') return [createMac(Buffer.from(base64, 'base64'))];
  if (!isBase64(secret) || secret.length < generatedLengthMin) return [typed];
  return [typed, createMac(Buffer.from(secret, 'base64'))];
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

/** Signs an ASCII text and the bytes behind it. */
type Mac = (text: string, bytes: Buffer, encoding: SignatureEncoding) => string;

/** The block of SHA-256, and its digest. */
const [blockBytes, digestBytes] = [64, 32];
const [innerPad, outerPad] = [0x36, 0x5c];
/** Memory for what is signed, kept from one signature to the next. Longer bodies get their own. */
const scratch = Buffer.allocUnsafe(65_536);

/**
 * HMAC-SHA256 with a key that is used often: two hashes, each of them one call, over a padded form of the key and what follows it.
 * That costs half of what `createHmac` does, which makes several objects for each signature.
 */
function createMac(key: Buffer): Mac {
  const short = key.length > blockBytes ? hash('sha256', key, 'buffer') : key;
  const inner = padded(short, innerPad);
  const outer = Buffer.concat([padded(short, outerPad), Buffer.alloc(digestBytes)]);
  return (text, bytes, encoding) => {
    const bodyAt = blockBytes + text.length;
    const length = bodyAt + bytes.length;
    const room = length > scratch.length ? Buffer.allocUnsafe(length) : scratch;
    inner.copy(room);
    room.write(text, blockBytes, 'latin1');
    bytes.copy(room, bodyAt);
    // As a text the digest costs less than as a buffer.
    outer.write(hash('sha256', room.subarray(0, length), 'binary'), blockBytes, 'latin1');
    return hash('sha256', outer, encoding);
  };
}

function padded(key: Buffer, pad: number): Buffer {
  const block = Buffer.alloc(blockBytes, pad);
  for (const [at, byte] of key.entries()) block[at] = byte ^ pad;
  return block;
}
