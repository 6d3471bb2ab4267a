import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { ConfigError } from '../../src/event/errors.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'hookline-sources-'));
  writeFileSync(join(cwd, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nca\n');
  writeFileSync(join(cwd, 'key.pem'), '-----BEGIN PRIVATE KEY-----\nkey\n');
});
afterEach(() => rmSync(cwd, { recursive: true }));

function load(env: Record<string, string>, sources?: unknown): Config {
  if (sources !== undefined) writeFileSync(join(cwd, 'file.json'), JSON.stringify({ sources }));
  return loadConfig({ env, cwd, ...(sources !== undefined && { file: 'file.json' }) });
}

function problems(env: Record<string, string>, sources?: unknown): readonly string[] {
  try {
    load(env, sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** How messages are read when nothing is said about it. */
const reading = { keepAudit: false, alarmTtlMs: 14_400_000, showPayload: false, mapping: {} };
const amqp = { HOOKLINE_AMQP_URL: 'amqp://guest:guest@localhost:5672' };
const kafka = { HOOKLINE_KAFKA_BROKERS: 'one:9092, two:9093' };

describe('a source', () => {
  it('comes from HOOKLINE_AMQP_URL, with the rest at its defaults', () => {
    expect(load(amqp).sources).toEqual([
      {
        kind: 'rabbitmq',
        name: 'rabbitmq',
        format: 'cloudstack',
        ...reading,
        url: 'amqp://guest:guest@localhost:5672',
        exchange: ['cloudstack-events'],
        bindings: ['#'],
        queue: 'hookline',
        queueType: 'quorum',
        prefetch: 2000,
      },
    ]);
  });

  it.each([
    [{}, undefined],
    [{ HOOKLINE_AMQP_DECLARE_DURABLE: 'false' }, undefined],
    [{ HOOKLINE_AMQP_DECLARE_TYPE: 'topic' }, { type: 'topic', durable: true, autoDelete: false }],
    [
      {
        HOOKLINE_AMQP_DECLARE_TYPE: 'fanout',
        HOOKLINE_AMQP_DECLARE_DURABLE: 'false',
        HOOKLINE_AMQP_DECLARE_AUTO_DELETE: 'true',
      },
      { type: 'fanout', durable: false, autoDelete: true },
    ],
  ])('declares exchanges only when told of what type: %o', (env, declare) => {
    const [source] = load({ ...amqp, ...env }).sources;
    expect(source).toMatchObject({ kind: 'rabbitmq' });
    expect(Object(source).declare).toEqual(declare);
  });

  it('of kind http has how its senders prove themselves, and the rest at its defaults', () => {
    const hmac = { secret: 's'.repeat(16), header: 'X-Hub-Signature-256', prefix: 'sha256=' };
    const limits = {
      idempotencyHeader: 'Idempotency-Key',
      origins: ['*'],
      bodyBytesMax: 1_048_576,
      waitMs: 4_000,
      waitingMax: 1_000,
    };
    expect(
      load({}, [
        {
          name: 'a',
          kind: 'http',
          token: 't'.repeat(16),
          format: 'json',
          mapping: { event: '/e' },
        },
        { name: 'b', kind: 'http', hmac },
      ]).sources,
    ).toEqual([
      {
        kind: 'http',
        name: 'a',
        ...reading,
        format: 'json',
        mapping: { event: '/e' },
        token: 't'.repeat(16),
        ...limits,
      },
      {
        kind: 'http',
        name: 'b',
        format: 'cloudstack',
        ...reading,
        hmac: {
          ...hmac,
          algorithm: 'sha256',
          encoding: 'hex',
          signs: 'body',
          timestampHeader: 'X-Timestamp',
          template: '{timestamp}.{body}',
          toleranceMs: 300_000,
          once: false,
        },
        ...limits,
      },
    ]);
  });

  it.each(['{body}', '{timestamp}', '{timestamp}.{body}{body}', 'x'])(
    'of kind http is refused where its template has not one time and one body: %s',
    template => {
      const hmac = { secret: 's'.repeat(16), signs: 'timestamp', template };
      const [problem] = problems({}, [{ name: 'b', kind: 'http', hmac }]);
      expect(problem).toMatch(/^sources\[0\]\.hmac\.template /);
      expect(problem).toContain(
        `: ${JSON.stringify(template)}: expected one {timestamp} and one {body}`,
      );
    },
  );

  it('comes from HOOKLINE_KAFKA_BROKERS, with the rest at its defaults', () => {
    expect(load(kafka).sources).toEqual([
      {
        kind: 'kafka',
        name: 'kafka',
        format: 'cloudstack',
        ...reading,
        brokers: ['one:9092', 'two:9093'],
        topics: ['cloudstack'],
        groupId: 'hookline',
        fromBeginning: true,
        sessionTimeoutMs: 30_000,
      },
    ]);
  });

  it('reads every variable of RabbitMQ', () => {
    const env = {
      HOOKLINE_AMQP_URL: 'amqps://broker',
      HOOKLINE_AMQP_EXCHANGE: 'a,b',
      HOOKLINE_AMQP_BINDINGS: '*.ActionEvent.#',
      HOOKLINE_AMQP_QUEUE: 'mine',
      HOOKLINE_AMQP_QUEUE_TYPE: 'classic',
      HOOKLINE_AMQP_FORMAT: 'json',
      HOOKLINE_AMQP_KEEP_AUDIT: 'true',
      HOOKLINE_AMQP_ALARM_TTL_MS: '0',
      HOOKLINE_AMQP_SHOW_PAYLOAD: 'true',
      HOOKLINE_AMQP_MAPPING_ACCOUNT: '/payload/tenant_id',
      HOOKLINE_AMQP_MAPPING_EVENT_DATE_TIME: 'timestamp & "Z"',
      HOOKLINE_AMQP_PREFETCH: '10',
      HOOKLINE_AMQP_TLS_CA_FILE: 'ca.pem',
      HOOKLINE_AMQP_TLS_CERT_FILE: 'ca.pem',
      HOOKLINE_AMQP_TLS_KEY_FILE: join(cwd, 'key.pem'),
      HOOKLINE_AMQP_TLS_SERVER_NAME: 'rabbitmq.example',
      HOOKLINE_AMQP_TLS_VERIFY: 'false',
    };
    expect(load(env).sources).toEqual([
      {
        kind: 'rabbitmq',
        name: 'rabbitmq',
        format: 'json',
        keepAudit: true,
        alarmTtlMs: 0,
        showPayload: true,
        mapping: { account: '/payload/tenant_id', eventDateTime: 'timestamp & "Z"' },
        url: 'amqps://broker',
        exchange: ['a', 'b'],
        bindings: ['*.ActionEvent.#'],
        queue: 'mine',
        queueType: 'classic',
        prefetch: 10,
        tls: {
          ca: '-----BEGIN CERTIFICATE-----\nca\n',
          cert: '-----BEGIN CERTIFICATE-----\nca\n',
          key: '-----BEGIN PRIVATE KEY-----\nkey\n',
          servername: 'rabbitmq.example',
          rejectUnauthorized: false,
        },
      },
    ]);
  });

  it('reads every variable of Kafka', () => {
    const env = {
      ...kafka,
      HOOKLINE_KAFKA_TOPICS: 'one,/^two-.*/',
      HOOKLINE_KAFKA_GROUP: 'mine',
      HOOKLINE_KAFKA_FORMAT: 'cloudstack',
      HOOKLINE_KAFKA_FROM_BEGINNING: 'false',
      HOOKLINE_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      HOOKLINE_KAFKA_SASL_USERNAME: 'u',
      HOOKLINE_KAFKA_SASL_PASSWORD: 'p',
      HOOKLINE_KAFKA_TLS_CA_FILE: 'ca.pem',
    };
    expect(load(env).sources).toMatchObject([
      {
        topics: ['one', '/^two-.*/'],
        groupId: 'mine',
        fromBeginning: false,
        sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
        tls: { ca: '-----BEGIN CERTIFICATE-----\nca\n', rejectUnauthorized: true },
      },
    ]);
  });

  it('speaks TLS to Kafka with the authorities of the system when told only that', () => {
    expect(load({ ...kafka, HOOKLINE_KAFKA_TLS_ENABLED: 'true' }).sources).toMatchObject([
      { tls: { rejectUnauthorized: true } },
    ]);
  });

  it('stands beside others: both variables and any number in the list', () => {
    const { sources } = load({ ...amqp, ...kafka }, [
      { name: 'zone-1', kind: 'rabbitmq', url: 'amqp://zone-1', queue: 'q' },
      { name: 'zone-2', kind: 'kafka', brokers: ['b:1'], group: 'g' },
    ]);
    expect(sources.map(({ name, kind }) => [name, kind])).toEqual([
      ['rabbitmq', 'rabbitmq'],
      ['kafka', 'kafka'],
      ['zone-1', 'rabbitmq'],
      ['zone-2', 'kafka'],
    ]);
    expect(sources[2]).toMatchObject({
      queue: 'q',
      exchange: ['cloudstack-events'],
      prefetch: 2000,
    });
    expect(sources[3]).toMatchObject({ groupId: 'g', topics: ['cloudstack'] });
  });

  it('can be listed in a variable too', () => {
    const json = JSON.stringify([{ name: 'z', kind: 'kafka', brokers: 'b:1,c:2' }]);
    expect(load({ HOOKLINE_SOURCES: json }).sources).toMatchObject([
      { name: 'z', brokers: ['b:1', 'c:2'] },
    ]);
  });

  it('needs a name of its own', () => {
    const lines = problems(amqp, [
      { name: 'rabbitmq', kind: 'rabbitmq', url: 'amqp://a' },
      { name: 'x', kind: 'kafka', brokers: ['b:1'] },
      { name: 'x', kind: 'kafka', brokers: ['b:1'] },
    ]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^sources\[0\]\.name \(.*file\.json\): "rabbitmq": expected a name of its own; amqp has/,
    );
    expect(lines[1]).toMatch(/^sources\[2\]\.name .*sources\[1\] has this one$/);
  });

  it.each([
    [
      { kind: 'kafka', brokers: ['b:1'] },
      'sources[0].name',
      'null: expected text that is not empty',
    ],
    [
      { name: 'a b', kind: 'kafka', brokers: ['b:1'] },
      'sources[0].name',
      'expected letters, digits',
    ],
    [{ name: 'a' }, 'sources[0].kind', 'null: expected one of rabbitmq, kafka, http'],
    [
      { name: 'a', kind: 'nats' },
      'sources[0].kind',
      '"nats": expected one of rabbitmq, kafka, http',
    ],
    [{ name: 'a', kind: 'rabbitmq' }, 'sources[0].url', "expected the broker's URL"],
    [
      { name: 'a', kind: 'rabbitmq', url: 'amqp://b', queues: ['q'], declare: { type: 'topic' } },
      'sources[0].queues',
      'set, but so is sources[0].declare.type',
    ],
    [
      { name: 'a', kind: 'rabbitmq', url: 'amqp://b', declare: { type: 'other' } },
      'sources[0].declare.type',
      'expected one of topic, fanout, direct, headers',
    ],
    [{ name: 'a', kind: 'kafka' }, 'sources[0].brokers', 'expected host:port'],
    [{ name: 'a', kind: 'kafka', brokers: ['b'] }, 'sources[0].brokers', '"b": expected host:port'],
    [{ name: 'a', kind: 'kafka', brokers: ['b:1'], queue: 'q' }, 'sources[0].queue', 'unknown key'],
    [
      { name: 'a', kind: 'kafka', brokers: ['b:1'], topic: 't' },
      'sources[0].topic',
      'did you mean topics?',
    ],
    [
      { name: 'a', kind: 'kafka', brokers: ['b:1'], tls: true },
      'sources[0].tls',
      'expected a section with enabled',
    ],
    [
      { name: 'a', kind: 'kafka', brokers: ['b:1'], mapping: { acount: '/a' } },
      'sources[0].mapping.acount',
      'did you mean account?',
    ],
    [
      { name: 'a', kind: 'kafka', brokers: ['b:1'], mapping: '/a' },
      'sources[0].mapping',
      'expected a section with event, entity',
    ],
    [
      { name: 'a', kind: 'rabbitmq', url: 'amqp://a', prefetch: 0 },
      'sources[0].prefetch',
      '0: expected a whole number',
    ],
    [{ name: 'a', kind: 'http' }, 'sources[0].token', 'null: expected a token, or hmac.secret'],
    [
      {
        name: 'a',
        kind: 'http',
        hmac: { secret: 'whsec_<that of the sender>', signs: 'standard-webhooks' },
      },
      'sources[0].hmac.secret',
      '(not shown): expected base64 of at least 16 bytes after whsec_',
    ],
    [
      {
        name: 'a',
        kind: 'http',
        hmac: { secret: 'whsec_c2hvcnQgb25l', signs: 'standard-webhooks' },
      },
      'sources[0].hmac.secret',
      '(not shown): expected base64 of at least 16 bytes after whsec_',
    ],
    [
      { name: 'a', kind: 'http', token: 'hunter2' },
      'sources[0].token',
      '7 characters: expected at least 16',
    ],
    [
      { name: 'a', kind: 'http', token: 'hunter2 hunter2 hunter2' },
      'sources[0].token',
      'expected ASCII characters without blanks',
    ],
    [
      { name: 'a', kind: 'http', hmac: { secret: 'hunter2' } },
      'sources[0].hmac.secret',
      '7 characters: expected at least 16',
    ],
    [
      { name: 'a', kind: 'http', token: 'x'.repeat(16), hmac: { header: 'a b' } },
      'sources[0].hmac.header',
      '"a b": expected the name of a header',
    ],
    [
      { name: 'a', kind: 'http', token: 'x'.repeat(16), hmac: { algorithm: 'md5' } },
      'sources[0].hmac.algorithm',
      '"md5": expected one of sha256, sha1, sha512',
    ],
    [
      { name: 'api', kind: 'http', token: 'x'.repeat(16) },
      'sources[0].name',
      '"api": expected another name',
    ],
    ['amqp://guest:hunter2@a', 'sources[0]', 'expected a section with name, kind'],
  ])('is refused in one line when it reads %o', (source, key, expected) => {
    const lines = problems({}, [source]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${key} (${join(cwd, 'file.json')}): `);
    expect(lines[0]).toContain(expected);
    expect(lines[0]).not.toContain('hunter2');
  });

  it.each([
    [
      { ...kafka, HOOKLINE_KAFKA_SASL_USERNAME: 'u', HOOKLINE_KAFKA_SASL_MECHANISM: 'plain' },
      'kafka.sasl.password',
    ],
    [{ ...kafka, HOOKLINE_KAFKA_TLS_CERT_FILE: 'ca.pem' }, 'kafka.tls.keyFile'],
    [{ ...kafka, HOOKLINE_KAFKA_TLS_CA_FILE: 'absent.pem' }, 'kafka.tls.caFile'],
    [{ ...kafka, HOOKLINE_KAFKA_TLS_CA_FILE: 'file.json' }, 'kafka.tls.caFile'],
    [{ ...amqp, HOOKLINE_AMQP_TLS_VERIFY: 'false' }, 'amqp.tls'],
    [{ ...kafka, HOOKLINE_KAFKA_TOPICS: 'good,/^bad(/' }, 'kafka.topics'],
  ])('keeps its keys together and its files readable: %o', (env, key) => {
    writeFileSync(join(cwd, 'file.json'), '{}');
    const lines = problems(env);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${key} (`);
  });
});
