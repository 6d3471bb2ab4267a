/** Secrets that sign a webhook's deliveries, as requests state them: a text, or null or "" for none. */
import { seal } from '../../access/secret/seal.ts';
import type { Database } from '../../store/database.ts';
import { replaceSecret } from '../../store/webhook/secret.ts';
import type { WebhookSecret } from '../../webhook/webhook.ts';
import { refuseSecret } from '../../format/sign.ts';
import type { ApiOptions } from '../context.ts';
import { ProblemError } from '../http/problem.ts';

/** @throws {ProblemError} request_invalid, for a secret that no receiver could verify with. */
export function requireSecret(secretKey: string | null | undefined): void {
  const refusal = secretKey ? refuseSecret(secretKey) : undefined;
  if (refusal === undefined) return;
  throw new ProblemError('request_invalid', `secretKey: ${refusal}.`, [
    { path: '/secretKey', message: refusal },
  ]);
}

type Deps = Pick<ApiOptions, 'secretKey'>;

/** The secrets of a webhook that has this one alone. */
export const secretsOf = (
  { secretKey: key }: Deps,
  secretKey: string | null | undefined,
): readonly WebhookSecret[] => (secretKey ? [{ sealed: seal(key, secretKey) }] : []);

/** @param webhook its id, and the secret the request wants; undefined changes nothing. */
export async function replaceSecretKey(
  database: Database,
  { secretKey: key }: Deps,
  { id, secretKey }: { readonly id: string; readonly secretKey?: string | null },
): Promise<void> {
  if (secretKey === undefined) return;
  await replaceSecret(database, id, secretKey ? seal(key, secretKey) : null);
}
