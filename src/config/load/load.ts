/**
 * Layers defaults, file and environment (later wins), checks every value, and makes the typed `Config`.
 *
 * It reads nothing but its arguments and the files they name.
 */
import { join, resolve } from 'node:path';

import convict from 'convict';

import { ConfigError } from '../../event/errors.ts';
import type { ClientConfig, Config, EgressConfig } from '../config.ts';
import { buildDirectory } from '../directory/directory.ts';
import type { RawEgress } from '../dispatch/egress-schema.ts';
import { readConfigFile } from './file.ts';
import type { ConfigFile } from './file.ts';
import { buildOidc } from '../oidc/oidc.ts';
import { reportValue } from './problem.ts';
import type { Report } from './problem.ts';
import { listKeys, prune, valueAt } from './prune.ts';
import { schema } from '../schema.ts';
import type { RawConfig } from '../schema.ts';
import { buildSource, readListedSource } from '../source/source.ts';
import type { RawSource } from '../source/source.ts';
import { readPems } from '../value/tls.ts';
import { configFileVariable, setVariables, unknownVariables } from './variables.ts';

export interface ConfigOptions {
  /** From `--config`; goes before the variable HOOKLINE_CONFIG_FILE. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths start here. */
  readonly cwd: string;
}

/** The configuration as it was layered, for those who show where values came from. */
export interface Layers {
  readonly config: Config;
  readonly raw: RawConfig;
  readonly sources: readonly RawSource[];
  readonly origin: (this: void, path: string) => string;
}

/** @throws {ConfigError} with a line for every key that cannot be used. */
export function loadConfig(options: ConfigOptions): Config {
  return loadLayers(options).config;
}

/** @throws {ConfigError} with a line for every key that cannot be used. */
export function loadLayers({ file: named, env, cwd }: ConfigOptions): Layers {
  const variables = setVariables(env);
  const keys = listKeys(schema);
  const known = [configFileVariable, ...keys.flatMap(({ key }) => key.env ?? [])];
  const problems = unknownVariables(variables, known);
  const file = readConfigFile(named ?? variables[configFileVariable], cwd, problems);
  const report: Report = { problems, origin: createOrigin(file, variables) };

  const instance = convict<RawConfig>(schema, {
    env: variables,
    args: [],
  });
  const inFile: Report = { problems, origin: () => file?.path ?? 'default' };
  instance.load(prune(file?.content ?? {}, schema, '', inFile));
  const raw = instance.getProperties();
  for (const { path, key } of keys) reportValue(report, path, valueAt(raw, path), key);

  const listed = collectSources(raw, report);
  if (problems.length > 0) throw new ConfigError(problems);
  const sources = listed.flatMap(source => buildSource(source, cwd, report) ?? []);
  const directory = buildDirectory(raw.directory, cwd, report);
  const { publicUrl } = raw.http;
  const oidc = buildOidc(raw.oidc, { publicUrl, cwd }, report);
  const egress = buildEgress(raw.egress, cwd, report);
  refuseConflicts(raw, listed, report);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    config: buildConfig(
      raw,
      { sources, egress, ...(directory && { directory }), ...(oidc && { oidc }) },
      { cwd, env },
    ),
    raw,
    sources: listed,
    origin: report.origin,
  };
}

/** Names where a key was set. An item of a list has one origin, its list's. */
function createOrigin(
  file: ConfigFile | undefined,
  variables: Readonly<Record<string, string>>,
): (path: string) => string {
  const variableOf = new Map(listKeys(schema).map(({ path, key }) => [path, key.env]));
  return path => {
    const key = path.split('[')[0] ?? path;
    const variable = variableOf.get(key);
    if (variable !== undefined && variables[variable] !== undefined) return variable;
    const given = valueAt(file?.content, key);
    return file !== undefined && given !== undefined && given !== null ? file.path : 'default';
  };
}

function collectSources(raw: RawConfig, report: Report): RawSource[] {
  const { amqp, kafka, sources } = raw;
  const listed = Array.isArray(sources) ? sources : [];
  return [
    ...(amqp.url === null
      ? []
      : [{ kind: 'rabbitmq', name: 'rabbitmq', path: 'amqp', raw: amqp } as const]),
    ...(kafka.brokers === null
      ? []
      : [{ kind: 'kafka', name: 'kafka', path: 'kafka', raw: kafka } as const]),
    ...listed.flatMap((item, index) => readListedSource(item, `sources[${index}]`, report) ?? []),
  ];
}

function refuseConflicts(raw: RawConfig, sources: readonly RawSource[], report: Report): void {
  const paths = new Map<string, string>();
  for (const { name, path } of sources) {
    const other = paths.get(name);
    paths.set(name, path);
    if (other === undefined) continue;
    report.problems.push(
      `${path}.name (${report.origin(path)}): ${JSON.stringify(name)}: expected a name of its own; ${other} has this one`,
    );
  }
  if (raw.database.url !== null && raw.secretKey === null) {
    report.problems.push(
      'secretKey (default): null: expected 32 bytes in base64 in HOOKLINE_SECRET_KEY, because database.url is set',
    );
  }
}

function buildConfig(
  raw: RawConfig,
  built: Pick<Config, 'sources' | 'egress' | 'directory' | 'oidc'>,
  { cwd, env }: Pick<ConfigOptions, 'cwd' | 'env'>,
): Config {
  const { database, adminPassword, amqp: _amqp, kafka: _kafka, directory: _, ...others } = raw;
  const { secretKey, secretKeyPrevious, oidc: _oidc, http, ...rest } = others;
  const { url, ...connection } = database;
  return {
    ...rest,
    http: {
      host: http.host,
      port: http.port,
      trustedProxies: http.trustedProxies,
      ...(http.publicUrl !== null && { publicUrl: http.publicUrl }),
    },
    database: { ...connection, ...(url !== null && { url }) },
    dataDir: resolve(cwd, raw.dataDir),
    ...(secretKey !== null && { secretKey: Buffer.from(secretKey, 'base64') }),
    ...(secretKeyPrevious !== null && {
      secretKeyPrevious: Buffer.from(secretKeyPrevious, 'base64'),
    }),
    ...(adminPassword !== null && { adminPassword }),
    ...built,
    scrub: { keys: raw.scrub.keys ?? [] },
    client: buildClient(raw, { cwd, env }),
  };
}

function buildEgress(
  { proxy, tls, ...ranges }: RawEgress,
  cwd: string,
  report: Report,
): EgressConfig {
  const { url, noProxy, resolve: where } = proxy;
  return {
    ...ranges,
    ...(url !== null && { proxy: { url, noProxy: noProxy ?? [], resolve: where } }),
    tls: readPems(tls, 'egress.tls', cwd, report),
  };
}

function buildClient(
  raw: RawConfig,
  { cwd, env }: Pick<ConfigOptions, 'cwd' | 'env'>,
): ClientConfig {
  const { url, token } = raw.client;
  const configHome = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? cwd, '.config');
  return {
    url: (url ?? localUrl(raw.http)).replace(/\/+$/, ''),
    tokenFile: join(configHome, 'hookline', 'tokens.json'),
    ...(token !== null && { token }),
  };
}

/** Where a Hookline with this configuration is met; an address that listens everywhere, on the loopback. */
export function localUrl({ host, port }: Pick<Config['http'], 'host' | 'port'>): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
