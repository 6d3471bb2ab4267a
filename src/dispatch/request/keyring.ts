/** The secrets that one webhook signs with at a moment, while one of them replaces another. */
import type { WebhookSecret } from '../../webhook/webhook.ts';
import { signTogether, type Signer } from '../../format/sign.ts';

export interface Keyring {
  /** Finds the signer. @param nowMs milliseconds since 1970. @returns undefined when no secret is valid. */
  signerAt(nowMs: number): Signer | undefined;
}

/**
 * Opens the secrets.
 *
 * @param secrets the newest first.
 * @param open called for each of them, once, here. @throws whatever it throws.
 */
export function openKeyring(
  secrets: readonly WebhookSecret[],
  open: (sealed: Uint8Array) => Signer,
): Keyring {
  const keys = secrets.map(({ sealed, expiresAtMs = Infinity }) => ({
    signer: open(sealed),
    expiresAtMs,
  }));
  let current: Signer | undefined;
  let validUntilMs = -Infinity;
  return {
    signerAt(nowMs) {
      if (nowMs < validUntilMs) return current;
      const valid = keys.filter(({ expiresAtMs }) => nowMs < expiresAtMs);
      validUntilMs = Math.min(...valid.map(({ expiresAtMs }) => expiresAtMs));
      current = signTogether(valid.map(({ signer }) => signer));
      return current;
    },
  };
}
