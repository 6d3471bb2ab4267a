/**
 * Test deliveries: of a webhook, or of one not saved yet.
 *
 * Source: apache/cloudstack, executeWebhookDelivery with a webhook or a payload URL.
 */
import { randomUUID } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import type { Webhook } from '../../webhook/webhook.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { planSaved, planUnsaved } from './plan-test.ts';
import type { SavedBody, UnsavedBody } from './plan-test.ts';
import { answer, bodyMayBeAbsent, idParams, problems } from '../http/route.ts';
import type { IdParams } from '../http/route.ts';

const tags = ['webhooks'];
const response = { 200: answer('TestResult', 'What became of it.'), ...problems };
const description =
  'One attempt, by the code and the egress rules of the real deliveries. Nothing of it is recorded but who asked. What a receiver answers, also a failure, is status 200 here: see `diagnosis`.';

export function registerTestRoutes(app: FastifyInstance, options: ApiOptions): void {
  app.post<{ Params: IdParams; Body: SavedBody }>(
    '/v1/webhooks/:id/test',
    {
      schema: {
        summary: 'Make a test delivery to a webhook',
        description,
        tags,
        params: idParams,
        body: { $ref: 'WebhookTest#' },
        response,
      },
      preValidation: bodyMayBeAbsent,
    },
    async request => {
      const { id } = request.params;
      const webhook = await planSaved(options, callerOf(request), { id, ...request.body });
      return sendTest(options, webhook, request.body.payload);
    },
  );

  app.post<{ Body: UnsavedBody }>(
    '/v1/test',
    {
      schema: {
        summary: 'Make a test delivery to a webhook that is not saved yet',
        description,
        tags,
        body: { $ref: 'UnsavedTest#' },
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
