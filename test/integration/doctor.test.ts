/** `hookline doctor` against real services: what it says of them, and that it leaves them as they were. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ConfirmChannel, connect } from 'amqplib';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { seal } from '../../src/access/secret/seal.ts';
import type { Finding } from '../../src/event/finding.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { databaseOf } from '../../src/store/database.ts';
import { startCloudstack } from '../fixtures/cloudstack-server.ts';
import { startKeystone } from '../fixtures/keystone-server.ts';
import { createDatabase } from '../service/postgres.ts';
import { startReceiver } from '../service/receiver.ts';
import { createTestDatabase, sharedService, uniqueName } from '../service/shared.ts';
import type { TestDatabase } from '../service/shared.ts';
import { type Ran, runIn } from './cli-harness.ts';
import { fillCloud } from './directory-harness.ts';
import { openKafka } from './kafka-client.ts';
import { startOidc } from './oidc-harness.ts';

const key = Buffer.alloc(32, 7);

let home: string;
let database: TestDatabase;
let healthy: Record<string, string>;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'hookline-doctor-'));
  database = await createTestDatabase();
  healthy = {
    HOOKLINE_DATABASE_URL: database.url,
    HOOKLINE_SECRET_KEY: key.toString('base64'),
    HOOKLINE_HTTP_PORT: String(await freePort()),
  };
});
afterEach(async () => {
  rmSync(home, { recursive: true, force: true });
  await database.drop();
});

interface Examined extends Ran {
  readonly findings: readonly Finding[];
  /** `state found` of each finding of a check. */
  of(this: void, check: string): readonly string[];
}

async function examine(env: Record<string, string>, ...more: string[]): Promise<Examined> {
  const ran = await runIn({ cwd: home, env }, ['doctor', '--json', ...more]);
  const findings: readonly Finding[] = JSON.parse(ran.out);
  const of: Examined['of'] = check =>
    findings.filter(one => one.check === check).map(({ state, found }) => `${state} ${found}`);
  return { ...ran, findings, of };
}

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address ? address.port : 0 };
}

async function freePort(): Promise<number> {
  const { server, port } = await listen();
  await new Promise(resolve => {
    server.close(resolve);
  });
  return port;
}

describe('hookline doctor', () => {
  it('finds nothing wrong where nothing is, in a table or in JSON', async () => {
    const { code, err, findings } = await examine(healthy);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(findings.filter(({ state }) => state !== 'ok').map(({ check }) => check)).toEqual([
      'sources',
    ]);
    const { out } = await runIn({ cwd: home, env: healthy }, ['doctor']);
    expect(out).toMatch(
      /^ok +database +PostgreSQL \d+.* answers in \d+ ms\nok +database +the schema/,
    );
  });

  it('fails with a hint for each part that does not work, and hides none behind another', async () => {
    const { server, port } = await listen();
    const env = {
      ...healthy,
      HOOKLINE_DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none',
      HOOKLINE_AMQP_URL: 'amqp://127.0.0.1:9',
      HOOKLINE_KAFKA_BROKERS: '127.0.0.1:9',
      HOOKLINE_HTTP_PORT: String(port),
    };
    const { code, err, findings } = await examine(env);
    server.close();
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ code: 'checks_failed', exitCode: 1 });
    const failed = findings.filter(({ state }) => state === 'fail');
    expect(failed.map(({ check }) => check)).toEqual([
      'database',
      'source rabbitmq',
      'source kafka',
      'http',
    ]);
    expect(failed.map(({ hint }) => hint)).toEqual([
      ...Array.from(
        { length: 3 },
        () => 'Nothing listens there: is it up, and are host and port right?',
      ),
      'Something else listens there: choose another HOOKLINE_HTTP_PORT, or stop it.',
    ]);
    const { out } = await runIn({ cwd: home, env }, ['doctor']);
    expect(out).toMatch(/fail +source kafka .*ECONNREFUSED.*\n +→ Nothing listens there/);
  });
});

describe('the doctor of the database', () => {
  it('says which migrations are to be run, and makes none of their tables', async () => {
    const { url } = await sharedService('postgres');
    const name = uniqueName('empty');
    await createDatabase(url, name, 'template1');
    const empty = new URL(url);
    empty.pathname = name;
    const env = { ...healthy, HOOKLINE_DATABASE_URL: empty.href };
    expect((await examine(env)).of('database')[1]).toMatch(/^warn \d+ pending migrations?: /);
    const strict = await examine({ ...env, HOOKLINE_DATABASE_MIGRATE: 'false' });
    expect(strict.of('database')[1]).toMatch(/^fail/);
    const store = await openStore(empty.href);
    const { rows } = await sql`select from pg_class where relname = 'migration'`.execute(
      databaseOf(store),
    );
    await store.close();
    expect(rows).toEqual([]);
  });

  it.each([
    ['a wrong password', (url: URL) => (url.password = 'wrong'), /pg_hba\.conf/],
    ['another database', (url: URL) => (url.pathname = 'nowhere'), /create it/],
  ])('knows %s', async (_, spoil, hint) => {
    const url = new URL(database.url);
    spoil(url);
    const { findings } = await examine({ ...healthy, HOOKLINE_DATABASE_URL: url.href });
    expect(findings[0]).toMatchObject({ check: 'database', state: 'fail' });
    expect(findings[0]?.hint).toMatch(hint);
    expect(JSON.stringify(findings)).not.toContain('wrong');
  });

  it('is not troubled by there being none yet', async () => {
    const { HOOKLINE_HTTP_PORT } = healthy;
    const env = {
      HOOKLINE_HTTP_PORT: HOOKLINE_HTTP_PORT ?? '',
      HOOKLINE_DATA_DIR: join(home, 'new'),
    };
    const { code, of } = await examine(env);
    expect(code).toBe(0);
    expect(of('database')[0]).toMatch(/^warn no database is running/);
    expect(of('secret key')).toEqual(['warn no key exists yet']);
    expect(of('data directory')[0]).toMatch(/^ok .*does not exist yet/);
  });
});

describe('the doctor of the secrets', () => {
  it('tries them with the present and the former key', async () => {
    const store = await openStore(database.url);
    const webhookId = crypto.randomUUID();
    await sql`insert into domain (id, name, path) values ('d', 'd', '/d/')`.execute(
      databaseOf(store),
    );
    await sql`insert into account (id, name, domain_id) values ('a', 'a', 'd')`.execute(
      databaseOf(store),
    );
    await sql`insert into webhook (id, name, scope, account_id, domain_id, payload_url)
      values (${webhookId}, 'w', 'Local', 'a', 'd', 'http://w')`.execute(databaseOf(store));
    for (const by of [key, Buffer.alloc(32, 8)]) {
      await sql`insert into webhook_secret (webhook_id, sealed, expires_at)
        values (${webhookId}, ${seal(by, 'hunter2')}, ${by === key ? null : '2100-01-01'})`.execute(
        databaseOf(store),
      );
    }
    await store.close();
    const { code, of } = await examine(healthy);
    expect(code).toBe(1);
    expect(of('secret key')[1]).toMatch(
      /^fail 1 of 2 stored secrets cannot be decrypted: sealed with the key/,
    );
    const previous = Buffer.alloc(32, 8).toString('base64');
    const both = await examine({ ...healthy, HOOKLINE_SECRET_KEY_PREVIOUS: previous });
    expect(both.of('secret key')[1]).toBe(
      'ok all 2 stored secrets can be decrypted, 1 of them with the previous key',
    );
    expect(both.out).not.toContain('hunter2');
  });

  it('lists time limits that are longer than the operator’s', async () => {
    const store = await openStore(healthy['HOOKLINE_DATABASE_URL'] ?? '');
    await sql`insert into setting (scope, scope_id, name, value)
      values ('global', '', 'webhook.delivery.timeout', '60')`.execute(databaseOf(store));
    await sql`insert into domain (id, name, path) values ('d', 'd', '/d/')`.execute(
      databaseOf(store),
    );
    await sql`insert into account (id, name, domain_id) values ('a', 'a', 'd')`.execute(
      databaseOf(store),
    );
    await sql`insert into webhook (id, name, account_id, domain_id, payload_url, timeout_ms)
      values (${crypto.randomUUID()}, 'w', 'a', 'd', 'http://w', 600000)`.execute(
      databaseOf(store),
    );
    await store.close();
    const { of } = await examine({ ...healthy, HOOKLINE_DISPATCH_TIMEOUT_MS: '40000' });
    expect(of('time limits')).toEqual([
      'warn longer than dispatch.timeoutMsMax, 30000 ms, and cut to it: dispatch.timeoutMs (40000), webhook.delivery.timeout of the whole installation, timeoutMs of 1 webhook',
    ]);
  });

  it.each([
    ['not a key', 0o600, /^fail .* is not 32 bytes/],
    [key.toString('base64'), 0o644, /^warn .* can be read by others/],
    [key.toString('base64'), 0o600, /^ok .* is 32 bytes$/],
  ])('looks at the file that was generated', async (content, mode, expected) => {
    const file = join(home, 'secret-key');
    writeFileSync(file, content);
    chmodSync(file, mode);
    const { HOOKLINE_HTTP_PORT } = healthy;
    const { of } = await examine({
      HOOKLINE_HTTP_PORT: HOOKLINE_HTTP_PORT ?? '',
      HOOKLINE_DATA_DIR: home,
    });
    expect(of('secret key')[0]).toMatch(expected);
  });
});

describe('the doctor of RabbitMQ', () => {
  it('knows the types of exchanges, and warns of a direct one with a wildcard', async () => {
    const { url } = await sharedService('rabbitmq');
    const names = [uniqueName('direct'), uniqueName('fanout'), uniqueName('absent')];
    const [direct = '', fanout = '', absent = ''] = names;
    await using broker = await openChannel(url);
    await broker.channel.assertExchange(direct, 'direct', { durable: true });
    await broker.channel.assertExchange(fanout, 'fanout', { durable: true });
    const { code, of } = await examine({
      ...healthy,
      HOOKLINE_AMQP_URL: url,
      HOOKLINE_AMQP_EXCHANGE: names.join(),
      HOOKLINE_AMQP_QUEUE: uniqueName('queue'),
      HOOKLINE_AMQP_DECLARE_TYPE: 'fanout',
    });
    expect(code).toBe(0);
    expect(of('source rabbitmq').slice(0, 3)).toEqual([
      `ok connected; found exchange ${direct} (direct, durable), ${fanout} (fanout, durable); no exchange '${absent}' in vhost '/'`,
      `warn exchange ${direct} is of the type direct, on which no routing key matches #: a binding must be the routing key itself`,
      `warn exchange ${direct} exists as direct, durable; the configuration would declare it as fanout, durable`,
    ]);
    await expect(broker.channel.checkExchange(absent)).rejects.toThrow(/no exchange/);
  });

  it('names what is missing, and makes nothing', async () => {
    const { url } = await sharedService('rabbitmq');
    const [exchange, queue] = [uniqueName('absent'), uniqueName('queue')];
    const env = {
      ...healthy,
      HOOKLINE_AMQP_URL: url,
      HOOKLINE_AMQP_EXCHANGE: exchange,
      HOOKLINE_AMQP_QUEUE: queue,
    };
    const { code, of } = await examine(env);
    expect(code).toBe(1);
    expect(of('source rabbitmq')).toEqual([
      `fail connected; no exchange '${exchange}' in vhost '/'`,
      `ok queue ${queue} does not exist yet`,
    ]);
    await using broker = await openChannel(url);
    await expect(broker.channel.checkExchange(exchange)).rejects.toThrow(/no exchange/);
    await using other = await openChannel(url);
    await expect(other.channel.checkQueue(queue)).rejects.toThrow(/no queue/);
  });

  it('counts what waits in the queue, and leaves it there', async () => {
    const { url } = await sharedService('rabbitmq');
    const [exchange, queue] = [uniqueName('nova'), uniqueName('queue')];
    await using broker = await openChannel(url);
    await broker.channel.assertExchange(exchange, 'topic', { durable: false });
    await broker.channel.assertQueue(queue, {
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 2_147_483_647 },
    });
    await broker.channel.bindQueue(queue, exchange, '#');
    broker.channel.publish(exchange, 'a', Buffer.from('1'));
    await broker.channel.waitForConfirms();
    const env = {
      ...healthy,
      HOOKLINE_AMQP_URL: url,
      HOOKLINE_AMQP_EXCHANGE: exchange,
      HOOKLINE_AMQP_QUEUE: queue,
    };
    const { code, of } = await examine(env);
    expect(code).toBe(0);
    expect(of('source rabbitmq')).toEqual([
      `ok connected; found exchange ${exchange} (topic, not durable)`,
      `ok queue ${queue} has 1 message, 0 consumers`,
    ]);
    broker.channel.publish(exchange, 'b', Buffer.from('2'));
    await broker.channel.waitForConfirms();
    expect((await broker.channel.checkQueue(queue)).messageCount).toBe(2);
  });

  it('says how the queue was created otherwise, and what a wrong password is', async () => {
    const { url } = await sharedService('rabbitmq');
    const [exchange, queue] = [uniqueName('nova'), uniqueName('queue')];
    await using broker = await openChannel(url);
    await broker.channel.assertExchange(exchange, 'topic');
    await broker.channel.assertQueue(queue, { arguments: { 'x-queue-type': 'classic' } });
    const env = {
      ...healthy,
      HOOKLINE_AMQP_URL: url,
      HOOKLINE_AMQP_EXCHANGE: exchange,
      HOOKLINE_AMQP_QUEUE: queue,
    };
    const { findings, of } = await examine(env);
    expect(of('source rabbitmq')[1]).toMatch(
      /^warn queue .* is used as it is: inequivalent arg 'x-queue-type'/,
    );
    expect(findings.some(({ state }) => state === 'fail')).toBe(false);
    const wrong = new URL(url);
    wrong.password = 'wrong-one';
    const refused = await examine({ ...env, HOOKLINE_AMQP_URL: wrong.href });
    const failed = refused.findings.find(({ state }) => state === 'fail');
    expect(failed?.hint).toContain('User, password or virtual host is wrong');
    expect(refused.out).not.toContain('wrong-one');
  });
});

describe('the doctor of Kafka', () => {
  it('counts what the group has to read, and joins nothing', async () => {
    const { brokers } = await sharedService('kafka');
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic({ partitions: 3 });
    await kafka.send(topic, ['1', '2', '3', '4']);
    const [groupId, absent] = [uniqueName('group'), uniqueName('absent')];
    const env = {
      ...healthy,
      HOOKLINE_KAFKA_BROKERS: brokers.join(','),
      HOOKLINE_KAFKA_TOPICS: topic,
      HOOKLINE_KAFKA_GROUP: groupId,
    };
    const { code, of } = await examine(env);
    expect(of('source kafka')).toEqual([
      `ok 1 broker; topic ${topic} with 3 partitions`,
      `ok group ${groupId} does not exist yet, 4 messages to read`,
    ]);
    expect(code).toBe(0);
    const half = await examine({ ...env, HOOKLINE_KAFKA_TOPICS: `${topic},${absent}` });
    expect(half.of('source kafka')[0]).toBe(`warn 1 broker; no visible topic '${absent}'`);
    const none = await examine({ ...env, HOOKLINE_KAFKA_TOPICS: absent });
    expect(none.of('source kafka')[0]).toMatch(/^fail/);
    expect(await kafka.admin.listTopics()).not.toContain(absent);
    const { groups } = await kafka.admin.listGroups();
    expect(groups.map(group => group.groupId)).not.toContain(groupId);
  });
});

describe('the doctor of the directory', () => {
  it('asks CloudStack with the key', async () => {
    await using cloud = await startCloudstack();
    fillCloud(cloud);
    const env = {
      ...healthy,
      HOOKLINE_DIRECTORY_KIND: 'cloudstack',
      HOOKLINE_DIRECTORY_URL: cloud.url,
      HOOKLINE_DIRECTORY_API_KEY: cloud.keys.apiKey,
      HOOKLINE_DIRECTORY_SECRET_KEY: cloud.keys.secretKey,
    };
    expect((await examine(env)).of('directory')).toEqual([
      expect.stringMatching(/^ok cloudstack answers: \d+ accounts, below ROOT$/),
      'warn the directory has not been read yet',
    ]);
    const wrong = await examine({ ...env, HOOKLINE_DIRECTORY_SECRET_KEY: 'wrong' });
    expect(wrong.code).toBe(1);
    expect(wrong.of('directory')[0]).toMatch(/^fail .*401/);
  });

  it('asks Keystone with the password', async () => {
    await using cloud = await startKeystone();
    cloud.tables.domains.push({ id: 'default', name: 'Default' });
    const env = {
      ...healthy,
      HOOKLINE_DIRECTORY_KIND: 'keystone',
      HOOKLINE_DIRECTORY_URL: cloud.url,
      HOOKLINE_DIRECTORY_KEYSTONE_USERNAME: 'reader',
      HOOKLINE_DIRECTORY_KEYSTONE_PASSWORD: 'right',
    };
    expect((await examine(env)).of('directory')[0]).toBe('ok keystone answers: 1 domain');
    const wrong = await examine({ ...env, HOOKLINE_DIRECTORY_KEYSTONE_PASSWORD: 'wrong' });
    expect(wrong.of('directory')[0]).toMatch(/^fail .*401/);
  });
});

describe('the doctor of the login', () => {
  it('asks the OpenID provider', async () => {
    await using world = await startOidc();
    const env = {
      ...healthy,
      HOOKLINE_OIDC_ISSUER: world.provider.issuer,
      HOOKLINE_OIDC_CLIENT_ID: 'hookline',
      HOOKLINE_OIDC_REDIRECT_URL: 'http://127.0.0.1:8080/v1/oidc/callback',
      HOOKLINE_OIDC_RULES: '[{"value":"operators","role":"Admin"}]',
    };
    expect((await examine(env)).of('oidc')).toEqual([
      `ok the provider ${world.provider.issuer} answers`,
    ]);
    const away = await examine({ ...env, HOOKLINE_OIDC_ISSUER: 'http://127.0.0.1:9' });
    expect(away.of('oidc')[0]).toMatch(/^fail .*unreachable/);
  });
});

describe('the doctor of a receiver', () => {
  it('says which rule blocks it, and what the operator may open', async () => {
    await using receiver = await startReceiver();
    const { code, of, findings } = await examine(healthy, '--url', receiver.url);
    const check = `url 127.0.0.1:${receiver.port}`;
    expect(code).toBe(1);
    expect(of(check)).toEqual(['fail 127.0.0.1: blocked by egress rule loopback (127.0.0.0/8)']);
    expect(findings.find(one => one.check === check)?.hint).toContain('HOOKLINE_EGRESS_ALLOW');
    const env = { ...healthy, HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8' };
    expect((await examine(env, '--url', receiver.url)).of(check)).toEqual([
      'ok 127.0.0.1 is 127.0.0.1: allowed',
      `ok 127.0.0.1:${receiver.port} accepts connections`,
    ]);
    expect(receiver.total()).toBe(0);
  });

  it.each([
    [
      'http://10.255.0.1',
      {},
      /allowed for webhooks of the root domain; for those of tenants: blocked by egress rule private/,
    ],
    [
      'http://10.255.0.1',
      { HOOKLINE_EGRESS_DENY: '10.0.0.0/8' },
      /^fail .*blocked by egress rule deny \(10\.0\.0\.0\/8\)/,
    ],
    ['https://receiver.invalid', {}, /^fail .*ENOTFOUND|EAI_AGAIN/],
    ['http://127.0.0.1:9', { HOOKLINE_EGRESS_ALLOW: '127.0.0.1/32' }, /allowed/],
  ])('judges %s with %j', async (url, env, expected) => {
    const { of } = await examine({ ...healthy, ...env }, '--url', url);
    expect(of(`url ${new URL(url).host}`)[0]).toMatch(expected);
  });

  it('tries the proxy', async () => {
    const { server, port } = await listen();
    const env = { ...healthy, HOOKLINE_EGRESS_PROXY_URL: `http://127.0.0.1:${port}` };
    expect((await examine(env)).of('egress')[1]).toBe(
      `ok the proxy 127.0.0.1:${port} accepts connections`,
    );
    server.close();
    const away = await examine({ ...healthy, HOOKLINE_EGRESS_PROXY_URL: 'http://127.0.0.1:9' });
    expect(away.of('egress')).toEqual([expect.stringMatching(/^fail .*ECONNREFUSED/)]);
  });

  it('is not asked about what is no URL of the web', async () => {
    const { code, err } = await runIn({ cwd: home, env: healthy }, ['doctor', '--url', 'ftp://x']);
    expect({ code, said: err.includes('expected an http or https URL') }).toEqual({
      code: 2,
      said: true,
    });
  });
});

async function openChannel(url: string): Promise<AsyncDisposable & { channel: ConfirmChannel }> {
  const model = await connect(url);
  const channel = await model.createConfirmChannel();
  channel.on('error', () => {});
  return { channel, [Symbol.asyncDispose]: () => model.close() };
}
