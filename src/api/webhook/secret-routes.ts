/** Rotates a webhook's secret, with an overlap in which the former one signs as well. */
import { seal } from '../../access/secret/seal.ts';
import { createWebhookSecret } from '../../access/secret/webhook-secret.ts';
import { replacedUntil, rotateSecret } from '../../store/webhook/secret.ts';
import { lockWebhook, touchWebhook } from '../../store/webhook/webhook.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { changing } from '../http/changing.ts';
import { ofWebhook, requireWebhook } from './require-webhook.ts';
import { requireSecret } from './secret.ts';
import { bodyMayBeAbsent } from '../http/body.ts';
import { answer, idParams, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { rotatedSecret, rotation } from './schema-test.ts';

export function registerSecretRoutes(
  app: Routes,
  { store, secretKey: key, randomBytes }: ApiOptions,
): void {
  app.post(
    '/v1/webhooks/:id/secret',
    {
      schema: {
        operationId: 'rotateSecret',
        summary: "Rotate a webhook's secret",
        description:
          'During the overlap, `webhook-signature` carries a signature by each secret; `X-CS-Signature` is by the new one.',
        tags: ['webhooks'],
        params: idParams,
        body: ref(rotation),
        response: {
          200: answer(rotatedSecret, 'The new secret, which is shown only once.'),
          ...problems,
        },
      },
      preValidation: bodyMayBeAbsent,
    },
    async (request, reply) => {
      const { id } = request.params;
      const { overlap, secretKey = createWebhookSecret(randomBytes) } = request.body;
      requireSecret(secretKey);
      const caller = callerOf(request);
      const { after } = await changing(store, caller, 'webhook.secret_replaced', async database => {
        await lockWebhook(database, id);
        const webhook = await requireWebhook(database, id, caller.visibility);
        await rotateSecret(database, id, seal(key, secretKey), overlap * 1_000);
        await touchWebhook(database, id);
        const formerValidUntil = await replacedUntil(database, id);
        return { ...ofWebhook(webhook), after: { secretKey, overlap, formerValidUntil } };
      });
      const { formerValidUntil } = after;
      return reply.header('cache-control', 'no-store').send({ secretKey, formerValidUntil });
    },
  );
}
