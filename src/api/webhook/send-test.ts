/** Sends a test delivery, for REST and for CloudStack's API. */
import { randomUUID } from 'node:crypto';

import { databaseOf } from '../../store/database.ts';
import { closeBreaker } from '../../store/webhook/breaker.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import type { ApiOptions, TestResult } from '../context.ts';
import type { Caller } from '../http/authenticate.ts';

/**
 * Sends it. A receiver that accepts it is up: what waits for its webhook is sent.
 *
 * @param eventId UUID for the headers. @param payload the default one when empty.
 */
export async function sendTest(
  { testDelivery, store }: Pick<ApiOptions, 'testDelivery' | 'store'>,
  { signal }: Pick<Caller, 'signal'>,
  {
    webhook,
    eventId = randomUUID(),
    payload = '',
  }: { readonly webhook: Webhook; readonly eventId?: string; readonly payload?: string },
): Promise<TestResult> {
  const result = await testDelivery({
    webhook,
    signal,
    eventId,
    ...(payload !== '' && { payload }),
  });
  if (result.diagnosis.code === 'delivered') await closeBreaker(databaseOf(store), webhook);
  return result;
}
