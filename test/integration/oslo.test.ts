/** OpenStack's notifications as its own library publishes them, over the real brokers, to the webhooks that want them. */
import { connect } from 'amqplib';
import { Kafka, logLevel } from 'kafkajs';
import { beforeAll, describe, expect, it } from 'vitest';

import { installOslo, notify, type Notification } from '../service/oslo.ts';
import { startReceiver } from '../service/receiver.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openIntakeHarness, type IntakeHarness } from './intake-harness.ts';

const owner = '6f70656e737461636b2d70726f6a6563';
const service = { user_id: 'neutron', project_id: 'services', project_name: 'services' };
const secret = 'gAAAAABlive-token';

beforeAll(async () => {
  await installOslo();
}, 600_000);

/** What a cloud tells: of both envelopes, several priorities, with an owner's context, a service's, a stranger's, and none. */
function notificationsOf(topics: readonly string[], exchange: (name: string) => string) {
  const nova: Notification = {
    exchange: exchange('nova'),
    topics,
    publisher: 'compute.cmp-01',
    eventType: 'compute.instance.create.end',
    payload: { instance_id: 'i-1', tenant_id: owner, state: 'active', admin_password: secret },
    context: { user_id: 'u-1', project_id: owner, auth_token: secret, request_id: 'req-1' },
  };
  const port = { id: 'p-1', tenant_id: owner, status: 'DOWN' };
  const all: readonly Notification[] = [
    nova,
    {
      ...nova,
      priority: 'error',
      eventType: 'compute.instance.create.error',
      payload: { instance_id: 'i-2', tenant_id: owner, message: 'No valid host was found' },
    },
    { ...nova, driver: 'messaging', eventType: 'compute.instance.reboot.start' },
    { ...nova, eventType: 'compute.instance.exists' },
    {
      exchange: exchange('neutron'),
      topics,
      publisher: 'network.ctl-1',
      eventType: 'port.create.end',
      payload: { port },
      context: { ...service, is_admin: true },
    },
    {
      exchange: exchange('neutron'),
      topics,
      publisher: 'network.ctl-1',
      eventType: 'security_group.create.start',
      payload: { security_group: { name: 'x', project_id: owner } },
      context: { user_id: 'eve', is_admin: false, roles: ['member'] },
    },
    {
      exchange: exchange('keystone'),
      topics,
      publisher: 'identity.ctl-1',
      eventType: 'identity.project.created',
      payload: { resource_info: owner },
    },
    {
      exchange: exchange('nova'),
      topics,
      publisher: 'compute.cmp-02',
      priority: 'warn',
      eventType: 'compute.instance.delete.end',
      payload: { instance_id: 'i-3', tenant_id: 'another-project' },
    },
  ];
  return all;
}

/** Kafka's driver knows no envelope but the second, and `exists` is told of what did not happen. */
const expected = [
  { event: 'compute.instance.create.end', account: owner, entityuuid: 'i-1', status: 'Completed' },
  { event: 'compute.instance.create.error', account: owner, entityuuid: 'i-2', status: 'Failed' },
  {
    event: 'compute.instance.delete.end',
    account: 'another-project',
    entityuuid: 'i-3',
    status: 'Completed',
  },
  { event: 'compute.instance.reboot.start', account: owner, entityuuid: 'i-1', status: 'Started' },
  { event: 'identity.project.created', account: owner, entityuuid: owner, status: 'Completed' },
  { event: 'port.create.end', account: owner, entityuuid: 'p-1', status: 'Completed' },
  // Somebody without a project asked, and named the owner's.
  { event: 'security_group.create.start', account: null, entityuuid: null, status: 'Started' },
];

async function addOwner(harness: IntakeHarness, payloadUrl: string): Promise<void> {
  const [domain] = await harness.rows<{ id: string }>('select id from domain limit 1');
  const account = { id: owner, name: 'demo', domainId: domain?.id, kind: 'project' };
  expect((await harness.ask('POST', '/v1/accounts', account)).status).toBe(201);
  const webhook = { name: 'own', payloadUrl, scope: 'Local', accountId: owner };
  expect((await harness.ask('POST', '/v1/webhooks', webhook)).status).toBe(201);
}

const recordedBy = (harness: IntakeHarness) =>
  harness.rows('select event, account, entityuuid, status from event order by event');

const own = expected.filter(({ account }) => account === owner);

/** All of it is recorded once, the owner's alone is delivered to the owner, and nothing keeps what is secret. */
const once = {
  recorded: expected,
  delivered: new Set(own.map(({ event }) => event)),
  keys: expected.length,
  tellsSecrets: false,
};

async function outcomeOf(
  harness: IntakeHarness,
  receiver: Awaited<ReturnType<typeof startReceiver>>,
) {
  await waitUntil('the events', async () => (await recordedBy(harness)).length >= expected.length);
  await receiver.waitForDistinct(own.length);
  const delivered = receiver.requests.map(({ body }) => String(body));
  const rows = await harness.rows('select * from event');
  const keys = await harness.rows('select from event_key');
  return {
    recorded: await recordedBy(harness),
    delivered: new Set(delivered.map(body => JSON.parse(body).event)),
    keys: keys.length,
    tellsSecrets: [...delivered, JSON.stringify(rows), ...harness.logged].join('').includes(secret),
  };
}

describe('oslo.messaging', () => {
  it('over RabbitMQ: every notification once, from exchanges that come later, beside Ceilometer’s queue', async () => {
    const { url } = await sharedService('rabbitmq');
    const [first, second] = [uniqueName('notifications'), uniqueName('bridge')];
    const prefix = uniqueName('cloud');
    const exchange = (name: string): string => `${prefix}-${name}`;
    const names = ['nova', 'neutron', 'keystone'].map(exchange);
    await using receiver = await startReceiver();
    await using harness = await openIntakeHarness({
      waits: true,
      sources: [
        {
          name: 'openstack',
          kind: 'rabbitmq',
          url,
          exchange: names,
          bindings: [`${first}.*`, `${second}.*`],
          queue: uniqueName('hookline'),
          queueType: 'classic',
          format: 'openstack',
        },
      ],
    });
    await addOwner(harness, receiver.url);
    const transport = url.replace('amqp:', 'rabbit:') + '//';
    // The first publication of each service makes its exchange, which is not durable; nobody is bound to it yet.
    const early = names.map(name => ({
      exchange: name,
      topics: [uniqueName('early')],
      publisher: 'x.y',
      eventType: 'a.b',
      payload: {},
    }));
    await notify(transport, early);
    await harness.untilReady();
    const { body } = await harness.ask('GET', '/v1/sources');
    await waitUntil(
      'all exchanges to be bound',
      async () => {
        const sources = await harness.ask('GET', '/v1/sources');
        return !JSON.stringify(sources.body['items']).includes('no exchange');
      },
      30_000,
    );
    expect(body['items']).toContainEqual(
      expect.objectContaining({ name: 'openstack', state: 'running' }),
    );
    const notifications = notificationsOf([first, second], exchange);
    const ids = await notify(transport, notifications);
    expect(new Set(ids).size).toBe(notifications.length);
    expect(await outcomeOf(harness, receiver)).toEqual(once);
    // What oslo.messaging declares for Ceilometer still has all that was published with that priority.
    const connection = await connect(url);
    const channel = await connection.createChannel();
    const infos = notifications.filter(({ priority = 'info' }) => priority === 'info');
    for (const topic of [first, second]) {
      expect((await channel.checkQueue(`${topic}.info`)).messageCount).toBe(infos.length);
    }
    await connection.close();
    const metrics = await (await fetch(`${harness.url}/metrics`)).text();
    expect(metrics).toMatch(/hookline_messages_total\{source="openstack",result="dropped"\} 2\n/);
  });

  it('over Kafka: every notification once', async () => {
    const { brokers } = await sharedService('kafka');
    const [first, second] = [uniqueName('notifications'), uniqueName('bridge')];
    const topics = [first, second].flatMap(topic =>
      ['info', 'error', 'warn'].map(priority => `${topic}.${priority}`),
    );
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ topics: topics.map(topic => ({ topic })), waitForLeaders: true });
    await admin.disconnect();
    await using receiver = await startReceiver();
    await using harness = await openIntakeHarness({
      sources: [
        {
          name: 'openstack',
          kind: 'kafka',
          brokers,
          topics,
          group: uniqueName('hookline'),
          format: 'openstack',
        },
      ],
    });
    await addOwner(harness, receiver.url);
    const notifications = notificationsOf([first, second], name => name);
    await notify(
      `kafka://${brokers.join()}`,
      notifications.map(one => ({ ...one, driver: 'messagingv2' as const })),
    );
    expect(await outcomeOf(harness, receiver)).toEqual(once);
  });
});
