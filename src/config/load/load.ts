/**
 * Loads the configuration: layers defaults, file and environment (later ones win), checks every value, and builds `Config`.
 *
 * It reads nothing but its arguments and the files they name.
 */
import { join, resolve } from 'node:path';

import { ConfigError } from '../../event/errors.ts';
import type { Config } from '../config.ts';
import { buildDirectory } from '../directory/directory.ts';
import { buildEgress } from '../dispatch/egress.ts';
import { readConfigFile } from '../file/config-file.ts';
import type { ConfigFile } from '../file/config-file.ts';
import { buildOidc } from '../oidc/oidc.ts';
import { schema } from '../schema.ts';
import type { Values } from '../schema.ts';
import { buildSource, collectSources } from '../source/source.ts';
import type { SourceValues } from '../source/source.ts';
import { listKeys, valueAt } from '../value/key.ts';
import { configFileVariable, setVariables, unknownVariables, variableOf } from './environment.ts';
import type { Environment } from './environment.ts';
import { layer, prune } from './layer.ts';
import { refuse } from './problem.ts';
import type { Report } from './problem.ts';

export interface ConfigOptions extends Environment {
  /** Path given by `--config`; overrides the variable HOOKLINE_CONFIG_FILE. */
  readonly file?: string;
}

/** The configuration together with the values it was built from and their origin, for `hookline config`. */
export interface Layers {
  readonly config: Config;
  readonly values: Values;
  readonly sources: readonly SourceValues[];
  /** Where the key at this path was set: a variable's name, a file's path, `default`. */
  readonly origin: (this: void, path: string) => string;
}

/** @throws {ConfigError} with a line for every key that cannot be used. */
export function loadConfig(options: ConfigOptions): Config {
  return loadLayers(options).config;
}

/** @throws {ConfigError} with a line for every key that cannot be used. */
export function loadLayers({ file: named, env, cwd }: ConfigOptions): Layers {
  const variables = setVariables(env);
  const known = [
    configFileVariable,
    ...listKeys(schema).map(({ path, key }) => variableOf(path, key)),
  ];
  const problems = unknownVariables(variables, known);
  const file = readConfigFile(named ?? variables[configFileVariable], cwd, problems);
  const report: Report = { problems, origin: createOrigin(file, variables) };
  const inFile: Report = { problems, origin: () => file?.path ?? 'default' };

  const content = prune(file?.content ?? {}, schema, '', inFile);
  const values = layer(schema, { content, variables, prefix: '' }, report);
  const sources = collectSources(values, report);
  if (problems.length > 0) throw new ConfigError(problems);
  const config = buildConfig(values, sources, { env, cwd }, report);
  refuseConflicts(values, sources, report);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, values, sources, origin: report.origin };
}

/** Finds where a key was set. Items of a list have the origin of the list. */
function createOrigin(
  file: ConfigFile | undefined,
  variables: Readonly<Record<string, string>>,
): (path: string) => string {
  const variableAt = new Map(
    listKeys(schema).map(({ path, key }) => [path, variableOf(path, key)]),
  );
  return path => {
    const key = path.split('[')[0] ?? path;
    const variable = variableAt.get(key);
    if (variable !== undefined && variables[variable] !== undefined) return variable;
    const given = valueAt(file?.content, key);
    return file !== undefined && given !== undefined && given !== null ? file.path : 'default';
  };
}

/** Builds what needs more than one key. The result is complete only if no problem was reported. */
function buildConfig(
  { amqp: _amqp, kafka: _kafka, ...values }: Values,
  sources: readonly SourceValues[],
  { env, cwd }: Environment,
  report: Report,
): Config {
  const { secretKey, secretKeyPrevious } = values;
  return {
    ...values,
    dataDir: resolve(cwd, values.dataDir),
    secretKey: secretKey === undefined ? undefined : Buffer.from(secretKey, 'base64'),
    secretKeyPrevious:
      secretKeyPrevious === undefined ? undefined : Buffer.from(secretKeyPrevious, 'base64'),
    scrub: { keys: values.scrub.keys ?? [] },
    sources: sources.flatMap(source => buildSource(source, cwd, report) ?? []),
    directory: buildDirectory(values.directory, cwd, report),
    oidc: buildOidc(values.oidc, { publicUrl: values.http.publicUrl, cwd }, report),
    egress: buildEgress(values.egress, cwd, report),
    client: buildClient(values, { env, cwd }),
  };
}

/** Refuses source names that occur twice, and a database without a secret key. */
function refuseConflicts(
  { database, secretKey }: Values,
  sources: readonly SourceValues[],
  report: Report,
): void {
  const paths = new Map<string, string>();
  for (const { name, path } of sources) {
    const other = paths.get(name);
    paths.set(name, path);
    if (other === undefined) continue;
    refuse(
      report,
      `${path}.name`,
      `${JSON.stringify(name)}: expected a name of its own; ${other} has this one`,
    );
  }
  if (database.url !== undefined && secretKey === undefined) {
    refuse(
      report,
      'secretKey',
      'null: expected 32 bytes in base64 in HOOKLINE_SECRET_KEY, because database.url is set',
    );
  }
}

function buildClient(
  { client: { url, token }, http }: Pick<Values, 'client' | 'http'>,
  { env, cwd }: Environment,
): Config['client'] {
  const configHome = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? cwd, '.config');
  return {
    url: (url ?? localUrl(http)).replace(/\/+$/, ''),
    token,
    tokenFile: join(configHome, 'hookline', 'tokens.json'),
  };
}

/** URL of the API on this machine; if it listens on all addresses, the loopback address. */
export function localUrl({ host, port }: Pick<Config['http'], 'host' | 'port'>): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
