/** Bearer tokens: 32 random bytes, shown once, stored as their SHA-256. */
import { hash, randomBytes } from 'node:crypto';

/** Tells a token apart in a log or a leak scanner's findings. */
const prefix = 'hkl_';

/** @example createToken() // 'hkl_x7Jk…', 47 characters */
export function createToken(): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** A token has 256 random bits: one round of a plain hash is as good as many, and looks it up by index. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
