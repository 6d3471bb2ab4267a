/** The API beside a whole app: the quarantine is read again by the decoders, and recorded by the recorder, of the app. */
import { randomUUID } from 'node:crypto';

import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp } from '../../src/app.ts';
import type { App } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { newId, secretKey, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
let app: App;
beforeAll(async () => {
  api = await startApi({ redrive: id => app.redrive(id) });
  app = await startApp({
    config: loadConfig({
      cwd: '/',
      env: {
        HOOKLINE_DATABASE_URL: api.databaseUrl,
        HOOKLINE_SECRET_KEY: secretKey.toString('base64'),
        HOOKLINE_AMQP_URL: 'amqp://127.0.0.1:1',
        HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8',
        HOOKLINE_SHUTDOWN_MS: '500',
      },
    }),
    databaseUrl: api.databaseUrl,
    store: api.store,
    secretKey,
    roles: ['dispatch'],
    log: pino({ level: 'silent' }),
  });
});
afterAll(async () => {
  await app.stop();
  await api[Symbol.asyncDispose]();
});

const routingKey = 'management-server.ActionEvent.VM-START.VirtualMachine.e-1';
/** @param body null is a tombstone. */
async function park(body: string | null, facts: { source?: string } = {}): Promise<string> {
  const id = newId();
  await api.store.em.fork().execute(
    `insert into quarantine (id, source, position, routing_key, reason, body)
      values (?, ?, 'e k', ?, 'not yet understood', convert_to(?, 'UTF8'))`,
    [id, facts.source ?? 'rabbitmq', routingKey, body],
  );
  return id;
}

const actionEvent = (account: string): string =>
  JSON.stringify({
    eventDateTime: '2026-11-21 10:00:00 +0000',
    entity: 'VirtualMachine',
    entityuuid: 'e-1',
    account,
    user: 'u-1',
    event: 'VM.START',
    status: 'Completed',
  });

interface Retried {
  readonly outcome: string;
  readonly eventIds: readonly string[];
  readonly reason: string | null;
  readonly code?: string;
}
const retry = async (id: string): Promise<Retried> =>
  JSON.parse((await api.ask('POST', `/v1/quarantine/${id}/retry`)).text);
const isParked = async (id: string): Promise<boolean> =>
  (await api.ask('GET', `/v1/quarantine/${id}`)).status === 200;

describe('a message of the quarantine that is read again', () => {
  it('becomes events, which are delivered like any others, and leaves', async () => {
    await using receiver = await startReceiver();
    const { body: webhook } = await api.ask('POST', '/v1/webhooks', {
      name: 'w',
      payloadUrl: receiver.url,
      scope: 'Global',
    });
    await waitUntil('the webhook to be matched', async () => {
      const id = await park(actionEvent(randomUUID()));
      const [eventId = ''] = (await retry(id)).eventIds;
      return (await api.ask('GET', `/v1/events/${eventId}`)).text.includes(webhook.id);
    });
    const body = actionEvent('a-1');
    const id = await park(body);
    const { outcome, eventIds, reason } = await retry(id);
    expect({ outcome, reason }).toEqual({ outcome: 'recorded', reason: null });
    expect(await isParked(id)).toBe(false);
    const { body: event } = await api.ask('GET', `/v1/events/${eventIds[0]}`);
    expect(event).toMatchObject({
      event: 'VM.START',
      account: 'a-1',
      sourceName: 'rabbitmq',
      body,
    });
    await waitUntil('the delivery', () =>
      receiver.requests.some(request => request.body.toString() === body),
    );
    await api.ask('DELETE', `/v1/webhooks/${webhook.id}`);
  });

  it('stays with the new reason and its id when it cannot be understood again', async () => {
    const id = await park('not json at all');
    const { outcome, eventIds, reason } = await retry(id);
    expect({ outcome, eventIds }).toEqual({ outcome: 'quarantined', eventIds: [] });
    expect(reason).toContain('JSON');
    const { text } = await api.ask('GET', `/v1/quarantine/${id}`);
    expect(JSON.parse(text)).toMatchObject({ id, reason });
    expect(Buffer.from(JSON.parse(text).body, 'base64').toString()).toBe('not json at all');
  });

  it('is recorded once, however many try at once', async () => {
    const account = randomUUID();
    const id = await park(actionEvent(account));
    const results = await Promise.all(Array.from({ length: 6 }, () => retry(id)));
    expect(results.filter(({ outcome }) => outcome === 'recorded')).toHaveLength(1);
    expect(results.filter(({ code }) => code === 'not_found')).toHaveLength(5);
    const { body } = await api.ask('GET', `/v1/events?account=${account}`);
    expect(body.items).toHaveLength(1);
  });

  it('is left alone when its source is not configured here', async () => {
    const id = await park('{}', { source: 'former' });
    const answer = await api.ask('POST', `/v1/quarantine/${id}/retry`);
    expect(answer.body).toMatchObject({ status: 409, code: 'source_unknown' });
    expect(answer.body.detail).toContain('former');
    expect(await isParked(id)).toBe(true);
  });

  it('leaves a row in the audit', async () => {
    const id = await park('still no json');
    await retry(id);
    const { body } = await api.ask('GET', `/v1/audit?objectId=${id}`);
    expect(body.items).toMatchObject([
      { action: 'quarantined.retried', before: { reason: 'not yet understood' } },
    ]);
  });
});
