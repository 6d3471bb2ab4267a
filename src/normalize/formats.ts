/** Which normalizer reads which configured source format (contract 1.2). */
import { normalizeCloudStack } from './cloudstack.ts';
import type { Normalizer } from './normalizer.ts';

const normalizers = {
  cloudstack: message => [normalizeCloudStack(message)],
} as const satisfies Record<string, Normalizer>;

export type NormalizableFormat = keyof typeof normalizers;

export function normalizerFor(format: NormalizableFormat): Normalizer {
  return normalizers[format];
}
