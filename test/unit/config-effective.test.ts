import { describe, expect, it } from 'vitest';

import {
  describeConfig,
  renderExample,
  renderReference,
} from '../../src/config/report/reference.ts';
import { listEffective } from '../../src/config/report/effective.ts';
import { loadLayers } from '../../src/config/load/load.ts';

const effective = (env: Record<string, string>) =>
  new Map(listEffective(loadLayers({ env, cwd: '/nowhere' })).map(row => [row.key, row]));

describe('the effective configuration', () => {
  it('says what each value is and where it came from', () => {
    const rows = effective({ HOOKLINE_HTTP_PORT: '81' });
    expect(rows.get('http.port')).toEqual({
      key: 'http.port',
      value: 81,
      origin: 'HOOKLINE_HTTP_PORT',
      variable: 'HOOKLINE_HTTP_PORT',
    });
    expect(rows.get('dispatch.timeoutMs')).toMatchObject({
      value: 10_000,
      unit: 'ms',
      origin: 'default',
    });
    expect(rows.get('database.url')).toMatchObject({ value: null, origin: 'default' });
  });

  it('shows no secret, not even inside a URL or a listed source', () => {
    const env = {
      HOOKLINE_DATABASE_URL: 'postgres://hookline:hunter2@db/hookline?sslpassword=hunter2',
      HOOKLINE_SECRET_KEY: Buffer.from('hunter2 hunter2 hunter2 hunter2 ').toString('base64'),
      HOOKLINE_ADMIN_PASSWORD: 'hunter2',
      HOOKLINE_TOKEN: 'hunter2',
      HOOKLINE_AMQP_URL: 'amqp://guest:hunter2@broker',
      HOOKLINE_KAFKA_BROKERS: 'b:1',
      HOOKLINE_KAFKA_SASL_MECHANISM: 'plain',
      HOOKLINE_KAFKA_SASL_USERNAME: 'u',
      HOOKLINE_KAFKA_SASL_PASSWORD: 'hunter2',
      HOOKLINE_SOURCES: '[{"name":"z","kind":"rabbitmq","url":"amqp://guest:hunter2@zone"}]',
    };
    const rows = effective(env);
    const text = JSON.stringify([...rows.values()]);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(env.HOOKLINE_SECRET_KEY);
    expect(rows.get('database.url')?.value).toBe(
      'postgres://hookline:***@db/hookline?sslpassword=***',
    );
    expect(rows.get('secretKey')).toMatchObject({ value: '***', origin: 'HOOKLINE_SECRET_KEY' });
    expect(rows.get('sources[0].url')).toMatchObject({
      value: 'amqp://guest:***@zone',
      origin: 'HOOKLINE_SOURCES',
    });
    expect(rows.get('sources[0].name')?.value).toBe('z');
  });
});

describe('the reference', () => {
  const keys = describeConfig();

  it('describes every key, each with a variable of its own', () => {
    expect(keys.filter(({ doc }) => !doc.endsWith('.'))).toEqual([]);
    const variables = keys.map(({ variable }) => variable);
    expect(variables).not.toContain(undefined);
    expect(new Set(variables).size).toBe(keys.length);
  });

  it('gives every duration, size and count its unit', () => {
    const numbers = keys.filter(key => typeof key.default === 'number' && key.key !== 'http.port');
    expect(numbers.length).toBeGreaterThan(15);
    expect(numbers.filter(({ unit }) => unit === undefined)).toEqual([]);
  });

  it.each([
    'HOOKLINE_DATABASE_URL HOOKLINE_DATA_DIR HOOKLINE_HTTP_HOST HOOKLINE_HTTP_PORT HOOKLINE_SECRET_KEY',
    'HOOKLINE_ADMIN_PASSWORD HOOKLINE_AMQP_URL HOOKLINE_AMQP_EXCHANGE HOOKLINE_AMQP_BINDINGS',
    'HOOKLINE_AMQP_QUEUE HOOKLINE_AMQP_FORMAT HOOKLINE_AMQP_PREFETCH HOOKLINE_KAFKA_BROKERS',
    'HOOKLINE_KAFKA_TOPICS HOOKLINE_KAFKA_GROUP HOOKLINE_KAFKA_FORMAT HOOKLINE_KAFKA_FROM_BEGINNING',
    'HOOKLINE_DISPATCH_CONCURRENCY HOOKLINE_LOG_LEVEL',
  ])("keeps the contract's names: %s", names => {
    const variables = keys.map(({ variable }) => variable);
    for (const name of names.split(' ')) expect(variables).toContain(name);
  });

  it('is what docs/configuration.md says', () =>
    expect(renderReference()).toMatchFileSnapshot('../../docs/configuration.md'));

  it('is what config/example.yaml shows', () =>
    expect(renderExample()).toMatchFileSnapshot('../../config/example.yaml'));
});
