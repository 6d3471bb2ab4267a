/** One item of a message that nobody can read, by every way in: the others are recorded, and it waits in the quarantine by itself. */
import { CloudEvent, HTTP } from 'cloudevents';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sharedService, uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openIntakeHarness, type IntakeHarness } from './intake-harness.ts';
import { openKafka, type OpenKafka } from './kafka-client.ts';
import { openChannel, type OpenChannel } from './rabbitmq-harness.ts';

const exchange = uniqueName('items');
const topic = uniqueName('items');
const mapping = { event: '/kind', entityuuid: '/id', key: '/id', events: '/items' };
const why = 'there is no event type; expected it as text';

let kafka: OpenKafka;
let rabbitmq: OpenChannel;
let harness: IntakeHarness;

beforeAll(async () => {
  const { url } = await sharedService('rabbitmq');
  const { brokers } = await sharedService('kafka');
  kafka = await openKafka(brokers);
  rabbitmq = await openChannel(url);
  await kafka.createTopic({ name: topic });
  await rabbitmq.channel.assertExchange(exchange, 'topic', { durable: true });
  harness = await openIntakeHarness({
    sources: [
      { name: 'alerts', format: 'alertmanager' },
      { name: 'sdk', format: 'cloudevents' },
      { name: 'events', format: 'cloudevents', idempotencyHeader: 'Idempotency-Key' },
      { name: 'items', format: 'json', mapping },
      {
        name: 'queue',
        kind: 'rabbitmq',
        url,
        exchange,
        queue: uniqueName('q'),
        queueType: 'classic',
        format: 'json',
        mapping,
      },
      {
        name: 'log',
        kind: 'kafka',
        brokers,
        topics: [topic],
        group: uniqueName('g'),
        format: 'json',
        mapping,
      },
    ],
  });
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await kafka[Symbol.asyncDispose]();
  await rabbitmq[Symbol.asyncDispose]();
});

const recorded = async (source: string): Promise<readonly string[]> =>
  (
    await harness.rows<{ event: string }>(
      `select event from event where source = '${source}' order by id`,
    )
  ).map(({ event }) => event);

const aside = (source: string) =>
  harness.rows<{ id: string; item: number | null; reason: string; body: Buffer }>(
    `select id, item, reason, body from quarantine where source = '${source}' order by id`,
  );

const itemsOf = (name: string): string =>
  JSON.stringify({
    sent: name,
    items: [
      { kind: `${name}.a`, id: `${name}-a` },
      { sort: name, password: 'hush' },
      { kind: `${name}.c`, id: `${name}-c` },
    ],
  });

const event = (id: string) => ({ specversion: '1.0', id, source: '/s', type: `t.${id}` });

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

describe('a CloudEvent by HTTP', () => {
  it('that the SDK for JavaScript writes is read alike in each of its forms', async () => {
    const made = new CloudEvent({
      source: '/sdk',
      type: 'com.example.changed',
      subject: 'Disk "a" 50%',
      data: { k: 'ä' },
    });
    const binary = HTTP.binary(made);
    const structured = HTTP.structured(made.cloneWith({ id: 'other' }));
    const batch = JSON.stringify([made.cloneWith({ id: 'third' })]);
    const forms = [
      { ...binary, body: String(binary.body) },
      { ...structured, body: String(structured.body) },
      // The binding allows a structured event to repeat its attributes as headers.
      {
        headers: { ...binary.headers, ...structured.headers },
        body: String(structured.body).replace('other', 'fourth'),
      },
      { headers: { 'content-type': 'application/cloudevents-batch+json' }, body: batch },
    ];
    for (const { headers, body } of forms) {
      const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
      expect((await harness.post('sdk', body, Object.fromEntries(texts))).status).toBe(202);
    }
    const rows = await harness.rows(
      `select event, entityuuid, details from event where event like 'com.example%'`,
    );
    const expected = { event: made.type, entityuuid: made.subject, details: { data: { k: 'ä' } } };
    expect(rows).toEqual(forms.map(() => expected));
  });

  it('whose attributes are raw UTF-8, as the SDKs for Java and Go write them, is read as that', async () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'raw',
      'ce-source': '/sdk',
      'ce-type': latin1('org.example.größe'),
      'ce-subject': latin1('€ 😀'),
    };
    expect((await harness.post('sdk', '', headers)).status).toBe(202);
    expect(
      await harness.rows(`select event, entityuuid from event where event like 'org.example%'`),
    ).toEqual([{ event: 'org.example.größe', entityuuid: '€ 😀' }]);
  });
});

describe('one item that cannot be read', () => {
  it('of an Alertmanager’s group, or an alert without a name, holds back no other alert', async () => {
    const alerts = [
      { status: 'firing', labels: { alertname: 'HostDown' } },
      { status: 'firing', labels: { job: 'backup', severity: 'critical' } },
      { status: 'odd', labels: { alertname: 'Odd' } },
      { status: 'firing', labels: { alertname: 'DiskFull' } },
    ];
    const answer = await harness.post('alerts', JSON.stringify({ receiver: 'r', alerts }));
    expect(answer.status).toBe(202);
    expect(answer.body['ids']).toHaveLength(3);
    expect(answer.body['quarantined']).toEqual([
      { item: 2, reason: expect.stringContaining('neither firing nor resolved') },
    ]);
    expect(await recorded('alerts')).toEqual(['HostDown', 'alert', 'DiskFull']);
    expect(await aside('alerts')).toMatchObject([{ item: 2 }]);
  });

  it('of a batch of CloudEvents is put aside once, however often its sender sends the batch', async () => {
    const { source: _, ...bad } = event('2');
    const batch = JSON.stringify([event('1'), bad, event('3')]);
    const headers = {
      'content-type': 'application/cloudevents-batch+json',
      'idempotency-key': 'sent-once',
    };
    const send = () => harness.post('events', batch, headers);
    const answers = [await send(), await send(), await send()];
    expect(answers.map(({ status, body }) => ({ status, body }))).toEqual(
      answers.map(() => ({
        status: 202,
        body: {
          ids: answers[0]?.body['ids'],
          quarantined: [
            { item: 1, reason: expect.stringContaining('attribute source is missing') },
          ],
        },
      })),
    );
    expect(await recorded('events')).toEqual(['t.1', 't.3']);
    expect(await aside('events')).toMatchObject([{ item: 1 }]);
    const all = await harness.post('events', JSON.stringify([bad, bad]), {
      'content-type': 'application/cloudevents-batch+json',
    });
    expect(all).toMatchObject({ status: 422, body: { code: 'message_malformed' } });
  });

  it.each(['items', 'queue', 'log'])(
    'that came by %s waits alone, without its secrets',
    async source => {
      const body = itemsOf(source);
      if (source === 'items') await harness.post(source, body);
      if (source === 'queue') rabbitmq.channel.publish(exchange, 'a.b', Buffer.from(body));
      if (source === 'log') await kafka.send(topic, [body]);
      const [parked] = await waitUntil('the item to be put aside', async () => {
        const rows = await aside(source);
        return rows.length > 0 ? rows : undefined;
      });
      expect(await recorded(source)).toEqual([`${source}.a`, `${source}.c`]);
      expect(parked).toMatchObject({ item: 1, reason: why });
      expect(JSON.parse(String(parked?.body))).toEqual({ sort: source, password: '***' });
      const { body: shown } = await harness.ask('GET', `/v1/quarantine/${parked?.id}`);
      expect(shown).toMatchObject({ source, item: 1, reason: why });
      const retry = () => harness.ask('POST', `/v1/quarantine/${parked?.id}/retry`);
      expect((await retry()).body).toEqual({
        outcome: 'quarantined',
        eventIds: [],
        reason: why,
        quarantined: [],
      });
      // Somebody mends it, as a new mapping would: it is read alone, and nothing else comes with it.
      await harness.rows(
        `update quarantine set body = convert_to('{"kind":"${source}.b","id":"${source}-b"}', 'UTF8') where id = '${parked?.id}'`,
      );
      expect(await retry()).toMatchObject({
        status: 200,
        body: { outcome: 'recorded', quarantined: [] },
      });
      expect(await recorded(source)).toEqual([`${source}.a`, `${source}.c`, `${source}.b`]);
      expect(await aside(source)).toEqual([]);
    },
  );

  it('of a message that had been put aside whole stays there alone when the message is retried', async () => {
    const id = '01900000-0000-7000-8000-000000000001';
    await harness.rows(`insert into quarantine (id, source, position, reason, body)
      values ('${id}', 'items', 'p', 'former', convert_to('${itemsOf('whole')}', 'UTF8'))`);
    const answer = await harness.ask('POST', `/v1/quarantine/${id}/retry`);
    expect(answer).toMatchObject({
      status: 200,
      body: { outcome: 'recorded', reason: null, quarantined: [{ item: 1, reason: why }] },
    });
    expect(answer.body['eventIds']).toHaveLength(2);
    expect(await aside('items')).toMatchObject([{ item: 1, reason: why }]);
  });
});
