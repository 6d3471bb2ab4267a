/**
 * Passwords are stored as scrypt hashes that carry their own parameters, so that these can grow:
 * `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`, salt and hash in base64.
 *
 * Source: RFC 7914; N = 2^15, r = 8, p = 3 is one of the equivalent choices of OWASP's Password Storage Cheat Sheet,
 * the one with the least memory (32 MiB a check).
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

import { Turns } from '../event/turns.ts';

export const passwordLengthMin = 8;

const costLog2 = 15;
const blockSize = 8;
const parallelism = 3;
const hashBytes = 32;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hashed = await derive(password, { salt, costLog2, blockSize, parallelism });
  return [
    'scrypt',
    costLog2,
    blockSize,
    parallelism,
    salt.toString('base64'),
    hashed.toString('base64'),
  ].join('$');
}

/**
 * Whether the password matches the hash.
 *
 * @param stored absent for a user who does not exist or has no password: the result is false after the same time, so
 *   that response times do not reveal usernames.
 */
export async function verifyPassword(password: string, stored?: string): Promise<boolean> {
  const [kind, log2, r, p, salt, hashed] = (stored ?? nobody).split('$');
  if (kind !== 'scrypt' || salt === undefined || hashed === undefined) {
    throw new RangeError(`unknown password hash ${kind ?? ''}`);
  }
  const derived = await derive(password, {
    salt: Buffer.from(salt, 'base64'),
    costLog2: Number(log2),
    blockSize: Number(r),
    parallelism: Number(p),
  });
  const expected = Buffer.from(hashed, 'base64');
  const same = derived.length === expected.length && timingSafeEqual(derived, expected);
  return same && stored !== undefined;
}

/** A hash that takes as long to check as a real one and matches no password. */
const nobody = `scrypt$${costLog2}$${blockSize}$${parallelism}$${'A'.repeat(22)}==$${'A'.repeat(43)}=`;

interface Parameters {
  readonly salt: Buffer;
  readonly costLog2: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

/** Each hash holds one of the process's four threads, and a core, for a fraction of a second. */
const turns = new Turns({ max: 2, ownerMax: 2 });

async function derive(password: string, parameters: Parameters): Promise<Buffer> {
  return turns.take('', () => deriveNow(password, parameters));
}

function deriveNow(
  password: string,
  { salt, costLog2: log2, blockSize: r, parallelism: p }: Parameters,
): Promise<Buffer> {
  const N = 2 ** log2;
  return new Promise((resolve, reject) => {
    scrypt(
      password.normalize('NFKC'),
      salt,
      hashBytes,
      { N, r, p, maxmem: 256 * N * r },
      (error, key) => {
        if (error) reject(error);
        else resolve(key);
      },
    );
  });
}
