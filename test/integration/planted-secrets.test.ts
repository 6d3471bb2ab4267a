/**
 * Secrets planted at every depth in messages of each format, those that cannot be understood among them, and then looked
 * for wherever they could have stayed: in every column of every table, in what receivers got, and in the log.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { jobWithSecrets, jobWithSecretsOld } from '../fixtures/cloudstack-secrets.ts';
import { normalizerCases } from '../fixtures/normalizers.ts';
import { operatorsKey, plant } from '../fixtures/planted.ts';
import { openStackSecrets, xenOrchestraSecrets } from '../fixtures/secret-parameters.ts';
import { startReceiver, type Receiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openIntakeHarness, type IntakeHarness } from './intake-harness.ts';

const isJson = (text: string): boolean => /^\s*[{[]/.test(text);

/** CloudStack's action events are promised byte for byte, whatever is in them. */
const samples = normalizerCases
  .filter(({ format }) => format !== 'cloudstack')
  .flatMap(({ format, mapping = {}, samples: some }, index) =>
    Object.entries(some).flatMap(([sample, { body, headers = {} }]) =>
      body === null || !isJson(body) || Object.keys(headers).some(name => name.includes(':'))
        ? []
        : [{ name: `s${index}-${sample}`, format, mapping, body, headers }],
    ),
  );
const formats = [...new Set(samples.map(({ format }) => format)), 'cloudstack'];

let harness: IntakeHarness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await openIntakeHarness({
    sources: [
      ...samples.map(({ name, format, mapping }) => ({
        name,
        format,
        mapping,
        alarmTtlMs: 0,
        keepAudit: true,
        showPayload: true,
        bodyBytesMax: 4_194_304,
      })),
      { name: 'cloudstack', format: 'cloudstack' },
      { name: 'openstack-parameters', format: 'openstack', showPayload: true },
      { name: 'xen-orchestra-parameters', format: 'xen-orchestra', showPayload: true },
    ],
    environment: { HOOKLINE_SCRUB_KEYS: operatorsKey, HOOKLINE_LOG_LEVEL: 'debug' },
  });
  const webhook = { name: 'all', payloadUrl: receiver.url, scope: 'Global', categories: ['*'] };
  await harness.ask('POST', '/v1/webhooks', webhook);
  await waitUntil('the webhook to take effect', async () => {
    await harness.ask('POST', '/v1/events', { event: 'is.it.there' });
    return receiver.total() > 0;
  });
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await receiver.stop();
});

/** Every value of every table, as text; bytes as one character each. */
async function dump(): Promise<string> {
  const tables = await harness.rows<{ name: string }>(`select c.oid::regclass::text as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition`);
  const texts: string[] = [];
  for (const { name } of tables) {
    for (const row of await harness.rows(`select * from ${name}`)) {
      for (const value of Object.values(row)) {
        texts.push(Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value));
      }
    }
  }
  return texts.join('\n');
}

const count = async (from: string): Promise<number> =>
  (await harness.rows<{ n: number }>(`select count(*)::int as n from ${from}`))[0]?.n ?? 0;

/** A stretch around the first secret found, to see where it got through. */
const leakIn = (text: string): string | undefined => /.{0,200}hush.{0,80}/s.exec(text)?.[0];

it('no secret stays anywhere, whatever the format and the depth', async () => {
  const headers = { 'x-auth-token': 'hush-header', cookie: 'session=hush-cookie' };
  for (const { name, body, headers: own } of samples) {
    expect(plant(body, true)).toContain('hush');
    for (const planted of [plant(body, true), plant(body, false)]) {
      await harness.post(name, planted, { ...own, ...headers });
    }
    // Cut off, it is no JSON: what nobody can read is kept, too.
    await harness.post(name, plant(body, true).slice(0, -1), { ...own, ...headers });
  }
  for (const job of [jobWithSecrets, jobWithSecretsOld]) {
    for (const text of [job, plant(job, true), plant(job, true).slice(0, -1)]) {
      await harness.post('cloudstack', text, headers);
    }
  }
  for (const payload of openStackSecrets) {
    const text = JSON.stringify({ event_type: 'dns.zone_transfer_request.create', payload });
    await harness.post('openstack-parameters', text, headers);
    await harness.post('openstack-parameters', text.slice(0, -1), headers);
  }
  for (const [at, [method, params]] of xenOrchestraSecrets.entries()) {
    const call = { callId: `c${at}`, method, params, type: 'post', result: params };
    const text = JSON.stringify(call);
    await harness.post('xen-orchestra-parameters', text, headers);
    await harness.post('xen-orchestra-parameters', text.slice(0, -1), headers);
  }
  const binary = { 'ce-id': 'b', 'ce-source': '/s', 'ce-type': 't', 'ce-specversion': '1.0' };
  const cloudEvents = samples.find(({ format }) => format === 'cloudevents')?.name ?? '';
  await harness.post(cloudEvents, '{"password":"hush-binary"}', { ...binary, ...headers });
  const hidden = Buffer.from('{"a":[{"token":"hush-base64"}]}').toString('base64');
  const packed = { specversion: '1.0', id: 'h', source: '/s', type: 't', data_base64: hidden };
  await harness.post(cloudEvents, JSON.stringify(packed));
  await waitUntil('every delivery', async () => {
    const owed = await count('event where cardinality(owed) > 0');
    return owed > 0 && (await count(`delivery where state = 'delivered'`)) === owed;
  });

  const recorded = await harness.rows<{ source: string }>('select distinct source from event');
  const formatOf = new Map(samples.map(({ name, format }) => [name, format] as const));
  const told = recorded.map(({ source }) => formatOf.get(source) ?? source);
  const parameters = ['openstack-parameters', 'xen-orchestra-parameters'];
  expect(new Set(told)).toEqual(new Set([...formats, ...parameters, 'api']));
  expect(await count('quarantine')).toBeGreaterThanOrEqual(samples.length);
  const received = receiver.requests.map(
    ({ headers: given, body }) => `${JSON.stringify(given)}\n${String(body)}`,
  );
  expect(received.length).toBeGreaterThan(samples.length);
  expect(leakIn(await dump())).toBeUndefined();
  expect(leakIn(received.join('\n'))).toBeUndefined();
  expect(leakIn(harness.logged.join('\n'))).toBeUndefined();
});
