import { describe, expect, it } from 'vitest';

import { loadConfig } from '../../src/config/load/load.ts';
import { protectedServices } from '../../src/dispatch/egress/protected-addresses.ts';

function servicesOf(databaseUrl: string, env: Readonly<Record<string, string>> = {}): string[] {
  return protectedServices(loadConfig({ env, cwd: '/' }), databaseUrl)
    .filter(({ name }) => name !== 'this Hookline')
    .map(({ name, host, port }) => `${name}: ${host} ${port}`);
}

describe('what Hookline lives on', () => {
  it('is its database and the brokers of all sources, at their default ports when none is said', () => {
    const env = {
      HOOKLINE_AMQP_URL: 'amqps://guest:guest@mq.test/%2F',
      HOOKLINE_AMQP_MANAGEMENT_URL: 'http://mq.test:15672',
      HOOKLINE_KAFKA_BROKERS: 'k1.test:19092,[fd00::1]:9093',
      HOOKLINE_SOURCES:
        '[{"name":"zone-2","kind":"rabbitmq","url":"amqp://[::1]:5673"},{"name":"zone-3","kind":"rabbitmq","url":"amqp://10.0.0.1"}]',
    };
    expect(servicesOf('postgresql://hookline:p%40ss@db.test/hookline', env)).toEqual([
      'the database: db.test 5432',
      'the broker of source rabbitmq: mq.test 5671',
      'the management API of the broker of source rabbitmq: mq.test 15672',
      'the broker of source kafka: k1.test 19092',
      'the broker of source kafka: fd00::1 9093',
      'the broker of source zone-2: ::1 5673',
      'the broker of source zone-3: 10.0.0.1 5672',
    ]);
  });

  it.each([
    ['postgresql:///hookline?host=10.0.0.5', ['10.0.0.5 5432']],
    ['postgresql:///hookline?host=10.0.0.5&port=6432', ['10.0.0.5 6432']],
    ['postgresql://db.test:5433/hookline?host=10.0.0.5', ['db.test 5433', '10.0.0.5 5433']],
  ])('is its database where parameters of the URL name it: %s', (url, places) => {
    expect(servicesOf(url)).toEqual(places.map(place => `the database: ${place}`));
  });

  it('has no address where the database is at a local socket', () => {
    expect(servicesOf('postgresql:///hookline?host=/run/postgresql')).toEqual([]);
  });
});

const itself = (env: Readonly<Record<string, string>>) =>
  protectedServices(loadConfig({ env, cwd: '/' }), '').map(
    ({ host, port, isName = false }) => `${host} ${port} ${isName ? 'by name' : 'by address'}`,
  );

describe('Hookline itself', () => {
  it.each([
    [{}, ['127.0.0.1 8080 by address']],
    [{ HOOKLINE_HTTP_HOST: '::', HOOKLINE_HTTP_PORT: '80' }, [':: 80 by address']],
    [{ HOOKLINE_HTTP_PORT: '0' }, []],
    [
      { HOOKLINE_HTTP_PORT: '0', HOOKLINE_HTTP_PUBLIC_URL: 'https://hooks.test/hookline' },
      ['hooks.test 443 by name'],
    ],
    [
      { HOOKLINE_HTTP_PORT: '0', HOOKLINE_HTTP_PUBLIC_URL: 'http://[fd00::1]:8081' },
      ['fd00::1 8081 by name'],
    ],
  ])('is where it listens, and where people reach it: %j', (env, places) => {
    expect(itself(env)).toEqual(places);
  });
});
