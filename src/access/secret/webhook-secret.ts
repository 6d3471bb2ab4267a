/** Generates a secret for a webhook. */

/** Standard Webhooks requires 24 to 64. */
const secretBytes = 32;

/**
 * @param randomBytes as node:crypto's.
 * @example createWebhookSecret(randomBytes) // 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='
 */
export function createWebhookSecret(randomBytes: (count: number) => Buffer): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`;
}
