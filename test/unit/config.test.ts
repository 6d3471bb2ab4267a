import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { ConfigError } from '../../src/event/errors.ts';

const secretKey = Buffer.alloc(32, 7).toString('base64');

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'hookline-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const load = (env: Record<string, string> = {}, file?: string): Config =>
  loadConfig({ env: { HOME: '/home/u', ...env }, cwd, ...(file !== undefined && { file }) });

function problems(env: Record<string, string>, file?: string): readonly string[] {
  try {
    load(env, file);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function write(name: string, content: unknown): string {
  const path = join(cwd, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('loadConfig', () => {
  it('is complete without a file or a variable', () => {
    expect(load()).toEqual({
      database: { migrate: true, poolMax: 10, apiPoolMax: 5, apiTimeoutMs: 10_000 },
      dataDir: join(cwd, '.hookline'),
      http: { host: '127.0.0.1', port: 8080, connectionsMax: 1_000, trustedProxies: [] },
      console: { frameAncestors: [] },
      dispatch: {
        concurrency: 64,
        windowMax: 10_000,
        laneWaitMs: 2_000,
        slowMs: 250,
        slowConcurrency: 1_024,
        flushMs: 20,
        flushMax: 500,
        backlogMax: 1_000_000,
        timeoutMs: 10_000,
        timeoutMsMax: 30_000,
        tries: 3,
        responseBytesMax: 4_096,
        backoff: { baseMs: 5_000, capMs: 600_000, waitMsMax: 3_600_000 },
      },
      egress: { allow: [], deny: [], tls: {} },
      record: { batchMax: 500 },
      lease: { ttlMs: 10_000 },
      retention: { days: 30, keyHours: 48 },
      match: { resyncMs: 3_600_000 },
      templates: {
        processes: 2,
        timeoutMs: 500,
        memoryMb: 64,
        bytesMax: 1_048_576,
        queueMax: 1_000,
      },
      shutdownMs: 8_000,
      log: { level: 'info' },
      signature: { encoding: 'base64' },
      success: { codes: '2xx' },
      scrub: { keys: [] },
      sources: [],
      client: {
        url: 'http://127.0.0.1:8080',
        tokenFile: '/home/u/.config/hookline/tokens.json',
      },
    });
  });

  it('reads where deliveries may go, and how', () => {
    const pem = '-----BEGIN CERTIFICATE-----\n';
    write('ca.pem', pem);
    const { egress } = load({
      HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8, ::1',
      HOOKLINE_EGRESS_DENY: '10.9.0.0/16',
      HOOKLINE_EGRESS_PROXY_URL: 'http://proxy.test:3128',
      HOOKLINE_EGRESS_PROXY_NO_PROXY: '.corp.test,10.0.0.0/8',
      HOOKLINE_EGRESS_TLS_CA_FILE: 'ca.pem',
    });
    expect(egress).toEqual({
      allow: ['127.0.0.0/8', '::1'],
      deny: ['10.9.0.0/16'],
      proxy: {
        url: 'http://proxy.test:3128',
        noProxy: ['.corp.test', '10.0.0.0/8'],
        resolve: 'here',
      },
      tls: { ca: pem },
    });
  });

  it('takes the environment before the file and the file before the default', () => {
    const file = write(
      'hookline.yaml',
      'http: { port: 9000, host: 0.0.0.0 }\nlog: { level: debug }\n',
    );
    const config = load({ HOOKLINE_HTTP_PORT: '9001' }, file);
    expect(config.http).toMatchObject({ host: '0.0.0.0', port: 9001 });
    expect(config.log.level).toBe('debug');
    expect(config.dispatch.tries).toBe(3);
  });

  it.each([
    ['hookline.json', { dispatch: { backoff: { baseMs: 100 } } }],
    ['hookline.yaml', 'dispatch:\n  backoff:\n    baseMs: 100\n'],
    ['hookline.yml', 'dispatch: { backoff: { baseMs: 100 } }'],
  ])('reads %s', (name, content) => {
    const { backoff } = load({}, write(name, content)).dispatch;
    expect(backoff).toEqual({ baseMs: 100, capMs: 600_000, waitMsMax: 3_600_000 });
  });

  it.each([
    ['', '{}'],
    ['# nothing but a comment', ' '],
    ['http:\ndatabase: ~\nadminPassword: null\n', '{"http":null}'],
  ])('takes an empty file, and empty keys of one, as not set: %s', (yaml, json) => {
    expect(load({}, write('a.yaml', yaml)).http.port).toBe(8080);
    expect(load({}, write('a.json', json)).http.port).toBe(8080);
  });

  it('finds a file in the config directory, and goes by --config, then HOOKLINE_CONFIG_FILE, before it', () => {
    write('config/hookline.yaml', 'http: { port: 1 }');
    write('two.yaml', 'http: { port: 2 }');
    write('three.yaml', 'http: { port: 3 }');
    expect(load().http.port).toBe(1);
    expect(load({ HOOKLINE_CONFIG_FILE: 'two.yaml' }).http.port).toBe(2);
    expect(load({ HOOKLINE_CONFIG_FILE: 'two.yaml' }, 'three.yaml').http.port).toBe(3);
  });

  it('reads a flag, a number, a word, a list and codes from variables', () => {
    const config = load({
      HOOKLINE_DATABASE_MIGRATE: 'false',
      HOOKLINE_DISPATCH_CONCURRENCY: '128',
      HOOKLINE_SIGNATURE_ENCODING: 'hex',
      HOOKLINE_SUCCESS_CODES: '200, 202',
      HOOKLINE_AMQP_URL: 'amqp://guest:guest@localhost:5672/%2F',
      HOOKLINE_AMQP_EXCHANGE: 'cloudstack-events, other',
    });
    expect(config.database.migrate).toBe(false);
    expect(config.dispatch.concurrency).toBe(128);
    expect(config.signature.encoding).toBe('hex');
    expect(config.success.codes).toEqual([200, 202]);
    expect(config.sources).toMatchObject([{ exchange: ['cloudstack-events', 'other'] }]);
  });

  it('takes an empty variable as not set', () => {
    expect(load({ HOOKLINE_DATABASE_URL: '', HOOKLINE_HTTP_PORT: ' ' }).http.port).toBe(8080);
  });

  it('decodes the secret key and keeps the database beside it', () => {
    const config = load({
      HOOKLINE_DATABASE_URL: 'postgresql://u:p@db/hookline',
      HOOKLINE_SECRET_KEY: secretKey,
      HOOKLINE_ADMIN_PASSWORD: 'open sesame',
    });
    expect(config.database).toEqual({
      url: 'postgresql://u:p@db/hookline',
      migrate: true,
      poolMax: 10,
      apiPoolMax: 5,
      apiTimeoutMs: 10_000,
    });
    expect(config.secretKey).toEqual(Buffer.alloc(32, 7));
    expect(config.adminPassword).toBe('open sesame');
  });

  it.each([
    [{ HOOKLINE_HTTP_HOST: '0.0.0.0', HOOKLINE_HTTP_PORT: '81' }, 'http://127.0.0.1:81'],
    [{ HOOKLINE_HTTP_HOST: '::' }, 'http://[::1]:8080'],
    [{ HOOKLINE_HTTP_HOST: 'fd00::1' }, 'http://[fd00::1]:8080'],
    [{ HOOKLINE_URL: 'https://hooks.example/' }, 'https://hooks.example'],
  ])('points the command line to where %o listens', (env, url) => {
    expect(load(env).client.url).toBe(url);
  });

  it('keeps tokens in the XDG configuration directory', () => {
    expect(load({ XDG_CONFIG_HOME: '/x', HOOKLINE_TOKEN: 't' }).client).toMatchObject({
      token: 't',
      tokenFile: '/x/hookline/tokens.json',
    });
  });
});

describe('a misconfiguration', () => {
  it('is refused whole: one line for each problem, whichever layer it is in', () => {
    const file = write('hookline.yaml', 'http: { port: 99999, prot: 1 }\nlog: loud\n');
    const lines = problems({ HOOKLINE_DISPATCH_TRIES: 'three', HOOKLINE_HTPP_HOST: 'x' }, file);
    expect(lines).toEqual([
      'HOOKLINE_HTPP_HOST: unknown variable; did you mean HOOKLINE_HTTP_HOST?',
      `http.prot (${file}): unknown key; did you mean port?`,
      `log (${file}): expected a section with level`,
      `http.port (${file}): 99999: expected a whole number from 0 to 65535`,
      'dispatch.tries (HOOKLINE_DISPATCH_TRIES): "three": expected a whole number from 1 to 100',
    ]);
  });

  it.each([
    ['HOOKLINE_HTTP_PORT', '80a', '"80a": expected a whole number from 0 to 65535'],
    ['HOOKLINE_HTTP_PORT', '-1', '-1: expected a whole number from 0 to 65535'],
    ['HOOKLINE_HTTP_PORT', '1.5', '"1.5": expected a whole number from 0 to 65535'],
    ['HOOKLINE_DATABASE_MIGRATE', 'no', '"no": expected true or false'],
    [
      'HOOKLINE_LOG_LEVEL',
      'verbose',
      'expected one of trace, debug, info, warn, error, fatal, silent',
    ],
    ['HOOKLINE_SIGNATURE_ENCODING', 'HEX', '"HEX": expected one of base64, hex'],
    ['HOOKLINE_SUCCESS_CODES', '200,300', '[200,300]: expected 2xx, or codes from 200 to 299'],
    ['HOOKLINE_SUCCESS_CODES', 'ok', '["ok"]: expected 2xx, or codes from 200 to 299'],
    [
      'HOOKLINE_AMQP_URL',
      'http://localhost',
      'expected a URL that starts with amqp:// or amqps://',
    ],
    [
      'HOOKLINE_DATABASE_URL',
      'mysql://db',
      'expected a URL that starts with postgres:// or postgresql://',
    ],
    ['HOOKLINE_URL', 'localhost:8080', 'expected a URL that starts with http:// or https://'],
    ['HOOKLINE_AMQP_FORMAT', 'soap', '"soap": expected one of cloudstack'],
    ['HOOKLINE_SCRUB_KEYS', ',', '[]: expected at least one name'],
    ['HOOKLINE_KAFKA_BROKERS', ',', '[]: expected at least one name'],
    ['HOOKLINE_SOURCES', '{', 'expected a list of sources'],
    ['HOOKLINE_EGRESS_ALLOW', '10/8', '["10/8"]: expected ranges of addresses'],
    ['HOOKLINE_EGRESS_DENY', '10.0.0.0/8,localhost', 'expected ranges of addresses'],
    ['HOOKLINE_EGRESS_PROXY_URL', 'proxy:3128', 'expected a URL that starts with http://'],
    ['HOOKLINE_EGRESS_PROXY_RESOLVE', 'there', '"there": expected one of here, proxy'],
    ['HOOKLINE_EGRESS_TLS_CA_FILE', 'missing.pem', 'expected a file that can be read (ENOENT)'],
  ])('%s=%s is refused by name, value and expectation', (name, value, expected) => {
    const lines = problems({ [name]: value });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`(${name}): `);
    expect(lines[0]).toContain(expected);
  });

  it.each([
    ['HOOKLINE_SECRET_KEY', 'hunter2'],
    ['HOOKLINE_SECRET_KEY_PREVIOUS', 'hunter2'],
    ['HOOKLINE_DATABASE_URL', 'postgresq://hookline:hunter2@db/hookline'],
    ['HOOKLINE_DATABASE_URL', 'hookline:hunter2@db/hookline'],
    ['HOOKLINE_AMQP_URL', 'http://guest:h/un@ter2hunter2@localhost'],
    ['HOOKLINE_SOURCES', '[{"url":"amqp://guest:hunter2@localhost"}'],
    ['HOOKLINE_EGRESS_PROXY_URL', 'ftp://hookline:hunter2@proxy'],
    ['HOOKLINE_SECRE_KEY', 'hunter2'],
  ])('never shows a secret: %s', (name, value) => {
    const lines = problems({ [name]: value });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('hunter2');
  });

  it('asks for a secret key as soon as there is a database to share', () => {
    expect(problems({ HOOKLINE_DATABASE_URL: 'postgres://db/hookline' })).toEqual([
      'secretKey (default): null: expected 32 bytes in base64 in HOOKLINE_SECRET_KEY, because database.url is set',
    ]);
  });

  it.each([
    ['missing.yaml', undefined, 'ENOENT'],
    ['hookline.toml', 'a = 1', 'expected a file that ends in .yaml, .yml or .json'],
    ['broken.json', '{ "http": ', 'JSON'],
    ['broken.yaml', 'http: [', ''],
    ['twice.yaml', 'http: {}\nhttp: {}', 'unique'],
    ['list.yaml', '- http', 'expected keys and values at the top'],
  ])('names a file that cannot be used: %s', (name, content, expected) => {
    if (content !== undefined) write(name, content);
    const lines = problems({}, name);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${join(cwd, name)}: `);
    expect(lines[0]).toContain(expected);
  });

  it('does not choose between two files at the default places', () => {
    write('config/hookline.yaml', '');
    write('config/hookline.json', '{}');
    expect(problems({})[0]).toContain('expected one configuration file');
  });

  it.each(['__proto__', 'constructor', 'toString'])('knows no key %s', name => {
    const file = write('a.json', `{"${name}": {"prototype": {"polluted": true}}}`);
    expect(problems({}, file)).toHaveLength(1);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it.each([
    ['HOOKLINE_SERVICE_HOST', '10.0.0.1'],
    ['HOOKLINE_TEST_SEED', '7'],
    ['HOOKLINE_SERVICE_PORT_HTTP', '8080'],
    ['HOOKLINE_PORT', 'tcp://10.0.0.1:8080'],
    ['HOOKLINE_PORT_8080_TCP_ADDR', '10.0.0.1'],
    ['HOOKLINE_API_PORT', 'tcp://10.0.0.1:8080'],
  ])(
    'is not what Kubernetes adds for a Service named hookline, or what tests are told: %s',
    (name, value) => {
      expect(problems({ [name]: value })).toEqual([]);
    },
  );

  it.each(['HOOKLINE_PORT', 'HOOKLINE_NO_SUCH_THING'])('is %s=8080, which no key has', name => {
    expect(problems({ [name]: '8080' })).toHaveLength(1);
  });
});
