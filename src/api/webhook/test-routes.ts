/**
 * Test deliveries to a webhook, saved or not.
 *
 * Source: apache/cloudstack, executeWebhookDelivery with a webhook or a payload URL.
 */
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { planSaved, planUnsaved } from './plan-test.ts';
import { bodyMayBeAbsent } from '../http/body.ts';
import { answer, idParams, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { sendTest } from './send-test.ts';
import { testResult } from './schema-test.ts';
import { unsavedTest, webhookTest } from './schema-webhook.ts';

const tags = ['webhooks'];
const response = { 200: answer(testResult, 'The result of the test.'), ...problems };
const description =
  'Makes one attempt with the code and the egress rules of real deliveries. Only the audit records it. The status is 200 whatever the receiver answers; `diagnosis` says how it went.';

export function registerTestRoutes(app: Routes, options: ApiOptions): void {
  app.post(
    '/v1/webhooks/:id/test',
    {
      schema: {
        operationId: 'testWebhook',
        summary: 'Send a test delivery to a webhook',
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
      const caller = callerOf(request);
      const webhook = await planSaved(options, caller, { id, ...wanted });
      return { ...(await sendTest(options, caller, { webhook, payload })), from: options.self };
    },
  );

  app.post(
    '/v1/test',
    {
      schema: {
        operationId: 'testUnsavedWebhook',
        summary: 'Send a test delivery to a webhook that is not saved yet',
        description,
        tags,
        body: ref(unsavedTest),
        response,
      },
    },
    async request => {
      const { payload, ...wanted } = request.body;
      const caller = callerOf(request);
      const webhook = await planUnsaved(options, caller, wanted);
      return { ...(await sendTest(options, caller, { webhook, payload })), from: options.self };
    },
  );
}
