/**
 * Encryption of secrets at rest: AES-256-GCM under the operator's key (design 2.6).
 *
 * A sealed secret reads, in bytes:
 *
 *     1   version, 1
 *     4   key id: the first bytes of the key's SHA-256, so that several keys can be told apart while they rotate
 *     12  nonce, random for each seal
 *     16  authentication tag, over the ciphertext and the two first fields
 *     …   ciphertext of the UTF-8 text
 *
 * Source: NIST SP 800-38D (GCM), section 8.2.2 for the random nonce.
 */
import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';

const version = 1;
const keyIdEnd = 5;
const nonceEnd = 17;
const tagEnd = 33;

/**
 * The sealed text cannot be opened: no key with its id is configured, or its bytes were changed.
 * The catcher reports it to the operator and keeps what needs the secret: the right key may be configured later.
 */
export class UnsealError extends Error {
  override readonly name = 'UnsealError';
  readonly code = 'unseal_failed';
}

/** @param key 32 bytes. */
export function seal(key: Uint8Array, plaintext: string): Buffer {
  const head = Buffer.concat([Buffer.of(version), keyIdOf(key)]);
  const nonce = randomBytes(nonceEnd - keyIdEnd);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(head);
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return Buffer.concat([head, nonce, cipher.getAuthTag(), ciphertext]);
}

/**
 * @param keys the keys in use, in any order, 32 bytes each; while one replaces another, both.
 * @throws {UnsealError}
 */
export function open(keys: readonly Uint8Array[], sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < tagEnd || bytes[0] !== version) {
    throw new UnsealError('not a sealed secret of a known version');
  }
  const head = bytes.subarray(0, keyIdEnd);
  const id = head.subarray(1);
  const key = keys.find(candidate => keyIdOf(candidate).equals(id));
  if (key === undefined) {
    throw new UnsealError(
      `sealed with the key ${id.toString('hex')}, configured: ${keys.map(describeKey).join(', ')}`,
    );
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(keyIdEnd, nonceEnd), {
      authTagLength: tagEnd - nonceEnd,
    })
      .setAAD(head)
      .setAuthTag(bytes.subarray(nonceEnd, tagEnd));
    return decipher.update(bytes.subarray(tagEnd), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new UnsealError('the sealed bytes were changed', { cause });
  }
}

/** The four bytes that name the key in what it seals. */
export function keyIdOf(key: Uint8Array): Buffer {
  return hash('sha256', key, 'buffer').subarray(0, keyIdEnd - 1);
}

const describeKey = (key: Uint8Array): string => keyIdOf(key).toString('hex');
