/** Makes the sources: of the sections `amqp` and `kafka`, and of the list `sources`. */
import convict from 'convict';

import type { KafkaConfig, RabbitmqConfig, SourceConfig } from '../config.ts';
import type { MappingConfig, RawFormat } from './format-schema.ts';
import type { Key, Section } from '../value/value-kind.ts';
import { buildHttp, httpKeys } from './http-schema.ts';
import type { RawHttp } from './http-schema.ts';
import { reportValue } from '../load/problem.ts';
import type { Report } from '../load/problem.ts';
import { isRecord, listKeys, prune, valueAt } from '../load/prune.ts';
import { kafkaKeys, rabbitmqKeys } from './source-schema.ts';
import type { RawKafka, RawRabbitmq } from './source-schema.ts';
import { readTls } from '../value/tls.ts';
import { ownSourceName } from '../words.ts';

/** A source whose keys have values and are not yet checked against each other. */
export type RawSource =
  | { kind: 'rabbitmq'; name: string; path: string; raw: RawRabbitmq }
  | { kind: 'kafka'; name: string; path: string; raw: RawKafka }
  | { kind: 'http'; name: string; path: string; raw: RawHttp };

const nameKey: Key = {
  doc: 'Names the source for ever: stored positions are kept under it.',
  format: 'text',
  default: null,
};
const kindKey: Key = {
  doc: 'Which bus; `http` is none: others post to `/v1/in/<name>`.',
  format: 'word',
  words: ['rabbitmq', 'kafka', 'http'],
  default: null,
};

/** Reads an item of the list `sources`; undefined when a problem with it was reported. */
export function readListedSource(
  item: unknown,
  path: string,
  report: Report,
): RawSource | undefined {
  if (!isRecord(item)) {
    report.problems.push(
      `${path} (${report.origin(path)}): expected a section with name, kind and connection keys`,
    );
    return undefined;
  }
  const { name, kind, ...rest } = item;
  const before = report.problems.length;
  reportValue(report, `${path}.name`, name ?? null, nameKey);
  reportValue(report, `${path}.kind`, kind ?? null, kindKey);
  if (typeof name === 'string' && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    report.problems.push(
      `${path}.name (${report.origin(path)}): ${JSON.stringify(name)}: expected letters, digits, dots, dashes and underscores, at most 63`,
    );
  }
  if (name === ownSourceName) {
    report.problems.push(
      `${path}.name (${report.origin(path)}): ${JSON.stringify(name)}: expected another name; this one is taken by POST /v1/events`,
    );
  }
  if (report.problems.length > before || typeof name !== 'string') return undefined;
  if (kind === 'http') {
    const instance = convict<RawHttp>(httpKeys, { env: {}, args: [] });
    readKeys(instance, { content: rest, keys: httpKeys, path }, report);
    return { kind, name, path, raw: instance.getProperties() };
  }
  if (kind === 'rabbitmq') {
    const instance = convict<RawRabbitmq>(rabbitmqKeys(), { env: {}, args: [] });
    readKeys(instance, { content: rest, keys: rabbitmqKeys(), path }, report);
    return { kind, name, path, raw: instance.getProperties() };
  }
  const instance = convict<RawKafka>(kafkaKeys(), { env: {}, args: [] });
  readKeys(instance, { content: rest, keys: kafkaKeys(), path }, report);
  return { kind: 'kafka', name, path, raw: instance.getProperties() };
}

interface Listed {
  readonly content: Record<string, unknown>;
  readonly keys: Section;
  readonly path: string;
}

function readKeys(
  instance: Pick<convict.Config<unknown>, 'load' | 'getProperties'>,
  { content, keys, path }: Listed,
  report: Report,
): void {
  instance.load(prune(content, keys, `${path}.`, report));
  const raw = instance.getProperties();
  for (const { path: inner, key } of listKeys(keys)) {
    reportValue(report, `${path}.${inner}`, valueAt(raw, inner), key);
  }
}

/** Checks a source's keys against each other and reads the files they name. */
export function buildSource(
  source: RawSource,
  cwd: string,
  report: Report,
): SourceConfig | undefined {
  const { name, path } = source;
  switch (source.kind) {
    case 'rabbitmq':
      return buildRabbitmq(name, path, source.raw, { cwd, report });
    case 'kafka':
      return buildKafka(name, path, source.raw, { cwd, report });
    case 'http': {
      const built = buildHttp(name, path, source.raw, report);
      return built && { ...built, mapping: readMapping(source.raw.mapping) };
    }
  }
}

interface Deps {
  readonly cwd: string;
  readonly report: Report;
}

function buildRabbitmq(
  name: string,
  path: string,
  raw: RawRabbitmq,
  { cwd, report }: Deps,
): RabbitmqConfig | undefined {
  const { url, tls, mapping, ...rest } = raw;
  if (url === null) {
    report.problems.push(
      `${path}.url (${report.origin(`${path}.url`)}): null: expected the broker's URL`,
    );
    return undefined;
  }
  const read = readTls(tls, `${path}.tls`, cwd, report);
  if (read !== undefined && URL.parse(url)?.protocol === 'amqp:') {
    report.problems.push(
      `${path}.tls (${report.origin(`${path}.tls`)}): set, but ${path}.url starts with amqp://: expected amqps://`,
    );
  }
  return {
    kind: 'rabbitmq',
    name,
    url,
    ...rest,
    mapping: readMapping(mapping),
    ...(read && { tls: read }),
  };
}

function buildKafka(
  name: string,
  path: string,
  raw: RawKafka,
  { cwd, report }: Deps,
): KafkaConfig | undefined {
  const { brokers, group, sasl, tls, mapping, ...rest } = raw;
  if (brokers === null) {
    report.problems.push(
      `${path}.brokers (${report.origin(`${path}.brokers`)}): null: expected host:port`,
    );
    return undefined;
  }
  for (const broker of brokers) {
    if (/^.+:\d{1,5}$/.test(broker)) continue;
    report.problems.push(
      `${path}.brokers (${report.origin(`${path}.brokers`)}): ${JSON.stringify(broker)}: expected host:port`,
    );
  }
  refuseBadPatterns(raw.topics, `${path}.topics`, report);
  const login = readSasl(sasl, `${path}.sasl`, report);
  const read = readTls(tls, `${path}.tls`, cwd, report);
  const encrypted = read ?? (tls.enabled ? { rejectUnauthorized: true } : undefined);
  return {
    kind: 'kafka',
    name,
    brokers,
    groupId: group,
    ...rest,
    mapping: readMapping(mapping),
    ...(login && { sasl: login }),
    ...(encrypted && { tls: encrypted }),
  };
}

/** A topic between slashes is a pattern. */
function refuseBadPatterns(topics: readonly string[], path: string, report: Report): void {
  for (const topic of topics) {
    const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(topic) ?? [];
    if (source === undefined || isPattern(source, flags)) continue;
    report.problems.push(
      `${path} (${report.origin(path)}): ${JSON.stringify(topic)}: expected a regular expression between slashes`,
    );
  }
}

function isPattern(source: string, flags: string | undefined): boolean {
  try {
    return new RegExp(source, flags).source !== '';
  } catch {
    return false;
  }
}

function readMapping(raw: RawFormat['mapping']): MappingConfig {
  return Object.fromEntries(Object.entries(raw).filter(([, rule]) => rule !== null));
}

function readSasl(raw: RawKafka['sasl'], path: string, report: Report): KafkaConfig['sasl'] {
  const { mechanism, username, password } = raw;
  if (mechanism === null && username === null && password === null) return undefined;
  if (mechanism !== null && username !== null && password !== null)
    return { mechanism, username, password };
  for (const [name, value] of Object.entries(raw)) {
    if (value !== null) continue;
    report.problems.push(
      `${path}.${name} (${report.origin(`${path}.${name}`)}): null: expected mechanism, username and password together`,
    );
  }
  return undefined;
}
