/** Events of a domain and of a user, as Keystone tells them, in the composed program: from the post to the receivers. */
import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isObject, type JsonObject } from '../../src/normalize/value/json.ts';
import { startKeystone } from '../fixtures/keystone-server.ts';
import { startReceiver, type Receiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openIntakeHarness, type IntakeHarness } from './intake-harness.ts';

const messages: readonly JsonObject[] = readFileSync('test/fixtures/openstack-2026.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map(line => {
    const { message }: { readonly message: JsonObject } = JSON.parse(line);
    return message;
  });

/** The first recorded message of a type that has these facts in its payload. */
function recorded(type: string, facts: JsonObject = {}): JsonObject {
  const found = messages.find(({ event_type: is, payload }) => {
    if (is !== type || !isObject(payload)) return false;
    return Object.entries(facts).every(([name, value]) => payload[name] === value);
  });
  if (!found) throw new RangeError(`no ${type} is recorded`);
  return found;
}

/** Of the recordings: a domain, and a user whom the directory has as an account of that domain. */
const domain = '75e40d33bb924ee0b3a64e763d2d0bc5';
const user = '76713a03195942338a2d555a276a6f4d';
const project = 'project-in-the-domain';

let harness: IntakeHarness;
let receiver: Receiver;
/** Names of webhooks by id. */
const names = new Map<string, string>();

async function make(name: string, facts: object): Promise<void> {
  const payloadUrl = `${receiver.url}${name}`;
  const webhook = { name, payloadUrl, format: 'envelope', categories: ['*'], ...facts };
  const { status, body } = await harness.ask('POST', '/v1/webhooks', webhook);
  expect([name, status]).toEqual([name, 201]);
  names.set(String(body['id']), name);
}

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await openIntakeHarness({ sources: [{ name: 'keystone', format: 'openstack' }] });
  await harness.ask('POST', '/v1/domains', { id: domain, name: 'acme' });
  await harness.ask('POST', '/v1/domains', { id: 'other', name: 'other' });
  await harness.ask('POST', '/v1/domains', { id: 'below', name: 'below', parentId: domain });
  const account = { name: 'a', kind: 'project', domainId: domain };
  await harness.ask('POST', '/v1/accounts', { ...account, id: user, kind: 'user', name: 'u' });
  await harness.ask('POST', '/v1/accounts', { ...account, id: project, name: 'p' });
  await harness.ask('POST', '/v1/accounts', { ...account, id: 'o', domainId: 'other', name: 'o' });
  await make('the domain', { scope: 'Domain', accountId: project });
  await make('the user', { scope: 'Local', accountId: user });
  await make('a project', { scope: 'Local', accountId: project });
  await make('another domain', { scope: 'Domain', accountId: 'o' });
  await make('everybody', { scope: 'Global', accountId: project });
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await receiver.stop();
});

async function post(message: JsonObject): Promise<string> {
  const { status, body } = await harness.post('keystone', JSON.stringify(message));
  expect(status).toBe(202);
  return String([body['ids']].flat()[0]);
}

const grant = recorded('identity.role_assignment.created');

describe('an event of Keystone', () => {
  it.each<readonly [string, JsonObject, Readonly<Record<string, string>>]>([
    [
      'about a domain',
      recorded('identity.domain.updated', { resource_info: domain }),
      { everybody: 'global', 'the domain': 'proven_domain' },
    ],
    [
      'about a role in a domain',
      {
        ...grant,
        message_id: 'grant-on-the-domain',
        payload: { ...Object(grant['payload']), project: undefined, domain },
      },
      { everybody: 'global', 'the domain': 'proven_domain' },
    ],
    [
      'about a user',
      recorded('identity.user.updated', { resource_info: user }),
      { everybody: 'global', 'the domain': 'user_domain', 'the user': 'user' },
    ],
    [
      'about something of the cloud’s operator',
      recorded('identity.region.created'),
      { everybody: 'global' },
    ],
  ])('%s reaches whom it concerns, who are told why', async (_, message, expected) => {
    const id = await post(message);
    const told = await harness.ask('GET', `/v1/events/${id}/explain?matched=true`);
    const rows = [told.body['items']].flat().filter(isObject);
    const why = rows.map(row => [names.get(String(row['webhookId'])), row['coveredBy']]);
    expect(Object.fromEntries(why)).toEqual(expected);
    expect(rows.every(({ owed }) => owed === true)).toBe(true);
    await waitUntil('all of them to get it', () => arrived(id).length === why.length);
    expect(arrived(id)).toEqual(Object.keys(expected).toSorted());
  });

  it('has the domain of the user whom it concerns, where it names none', async () => {
    const message = recorded('identity.user.updated', { resource_info: user });
    const id = await post({ ...message, message_id: 'once more' });
    const { body } = await harness.ask('GET', `/v1/events/${id}`);
    expect(body).toMatchObject({ domain, provenUser: user });
    expect(JSON.parse(String(body['body']))).toMatchObject({ id, domain });
  });
});

it('an event of a user whom the directory does not know yet waits until Keystone was asked, and nobody misses them', async () => {
  await using keystone = await startKeystone();
  keystone.tables.domains.push({ id: domain, name: 'acme' });
  keystone.tables.projects.push({ id: project, name: 'p', domain_id: domain });
  await using own = await openIntakeHarness({
    sources: [{ name: 'keystone', format: 'openstack' }],
    environment: {
      HOOKLINE_DIRECTORY_KIND: 'keystone',
      HOOKLINE_DIRECTORY_URL: keystone.url,
      HOOKLINE_DIRECTORY_KEYSTONE_USERNAME: 'reader',
      HOOKLINE_DIRECTORY_KEYSTONE_PASSWORD: 'right',
    },
  });
  await waitUntil('the directory to be read', async () => {
    const rows = await own.rows(`select from account where id = '${project}'`);
    const [state] = await own.rows(`select from directory_state where synced_at is not null`);
    return rows.length === 1 && state !== undefined;
  });
  const created = recorded('identity.user.created');
  const id = String(Object(created['payload']).resource_info);
  keystone.tables.users.push({ id, name: 'new', domain_id: domain });
  const read = async (message: JsonObject) => {
    const { body } = await own.post('keystone', JSON.stringify(message));
    return (await own.ask('GET', `/v1/events/${String([body['ids']].flat()[0])}`)).body;
  };
  expect(await read(created)).toMatchObject({ provenUser: id, domain });
  const payload = { ...Object(created['payload']), resource_info: 'nobody' };
  const unknown = await read({ ...created, message_id: 'of-nobody', payload });
  expect(unknown).toMatchObject({ provenUser: 'nobody' });
  expect(unknown).not.toHaveProperty('domain');
  const metrics = await (await fetch(`${own.url}/metrics`)).text();
  expect(metrics).toMatch(/^hookline_directory_look_ups_total\{result="found"\} 1$/m);
  expect(metrics).toMatch(/^hookline_unknown_account_events_total 0$/m);
});

/** Names of the webhooks whose receivers have got the event. */
function arrived(id: string): readonly string[] {
  return receiver.requests
    .filter(({ headers }) => headers['webhook-id'] === id)
    .map(({ path }) => decodeURIComponent(path.slice(1)))
    .toSorted();
}
