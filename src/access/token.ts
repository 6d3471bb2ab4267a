/** Bearer tokens: 32 random bytes, shown once, stored as their SHA-256. */
import { hash, randomBytes } from 'node:crypto';

/** Prefix by which people and secret scanners recognize a token. */
const prefix = 'hkl_';

/** @example createToken() // 'hkl_x7Jk…', 47 characters */
export function createToken(): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** Tokens have 256 random bits, so a plain hash is enough, and it can be looked up by index. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
