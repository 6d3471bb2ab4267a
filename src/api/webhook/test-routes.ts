/**
 * Test deliveries: of a webhook, or of one not saved yet.
 *
 * Source: apache/cloudstack, executeWebhookDelivery with a webhook or a payload URL.
 */
import { randomUUID } from 'node:crypto';

import type { Webhook } from '../../webhook/webhook.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { planSaved, planUnsaved } from './plan-test.ts';
import { bodyMayBeAbsent } from '../http/body.ts';
import { answer, idParams, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { testResult } from './schema-test.ts';
import { unsavedTest, webhookTest } from './schema-webhook.ts';

const tags = ['webhooks'];
const response = { 200: answer(testResult, 'What became of it.'), ...problems };
const description =
  'One attempt, by the code and the egress rules of the real deliveries. Nothing of it is recorded but who asked. What a receiver answers, also a failure, is status 200 here: see `diagnosis`.';

export function registerTestRoutes(app: Routes, options: ApiOptions): void {
  app.post(
    '/v1/webhooks/:id/test',
    {
      schema: {
        summary: 'Make a test delivery to a webhook',
        description,
        tags,
        params: idParams,
        body: ref(webhookTest),
        response,
      },
      preValidation: bodyMayBeAbsent,
    },
    async request => {
      const { id } = request.params;
      const { payload, ...wanted } = request.body;
      const webhook = await planSaved(options, callerOf(request), { id, ...wanted });
      return sendTest(options, webhook, payload);
    },
  );

  app.post(
    '/v1/test',
    {
      schema: {
        summary: 'Make a test delivery to a webhook that is not saved yet',
        description,
        tags,
        body: ref(unsavedTest),
        response,
      },
    },
    async request => {
      const { payload, ...wanted } = request.body;
      return sendTest(options, await planUnsaved(options, callerOf(request), wanted), payload);
    },
  );
}

async function sendTest({ testDelivery, self }: ApiOptions, webhook: Webhook, payload = '') {
  const result = await testDelivery({
    webhook,
    eventId: randomUUID(),
    ...(payload !== '' && { payload }),
  });
  return { ...result, from: self };
}
