/** Builds the sources from the sections `amqp` and `kafka` and from the list `sources`. */
import { layer, prune } from '../load/layer.ts';
import { checkValue, refuse } from '../load/problem.ts';
import type { Report } from '../load/problem.ts';
import type { Values } from '../schema.ts';
import { isRecord } from '../value/key.ts';
import type { Section, ValueOf } from '../value/key.ts';
import { buildHttp, httpKeys } from './http.ts';
import type { HttpConfig, HttpValues } from './http.ts';
import { buildKafka, kafkaKeys } from './kafka.ts';
import type { KafkaConfig, KafkaValues } from './kafka.ts';
import { buildRabbitmq, rabbitmqKeys } from './rabbitmq.ts';
import type { RabbitmqConfig, RabbitmqValues } from './rabbitmq.ts';

export type SourceConfig = RabbitmqConfig | KafkaConfig | HttpConfig;

/** Name of the source behind `POST /v1/events`, which always exists. */
export const ownSourceName = 'api';

/** A source's keys with their values, each checked alone but not yet against the others. */
export type SourceValues = { readonly name: string; readonly path: string } & (
  | { readonly kind: 'rabbitmq'; readonly values: RabbitmqValues }
  | { readonly kind: 'kafka'; readonly values: KafkaValues }
  | { readonly kind: 'http'; readonly values: HttpValues }
);

const naming = {
  name: {
    doc: 'Names the source for ever: stored positions are kept under it.',
    kind: 'text',
  },
  kind: {
    doc: 'Which bus; `http` is none: others post to `/v1/in/<name>`.',
    kind: 'word',
    words: ['rabbitmq', 'kafka', 'http'],
  },
} as const satisfies Section;

/** Lists the sources: those of the sections `amqp` and `kafka`, if configured, then the items of `sources`. */
export function collectSources(
  { amqp, kafka, sources }: Values,
  report: Report,
): readonly SourceValues[] {
  const listed = Array.isArray(sources) ? sources : [];
  return [
    ...(amqp.url === undefined
      ? []
      : [{ kind: 'rabbitmq', name: 'rabbitmq', path: 'amqp', values: amqp } as const]),
    ...(kafka.brokers === undefined
      ? []
      : [{ kind: 'kafka', name: 'kafka', path: 'kafka', values: kafka } as const]),
    ...listed.flatMap((item, index) => readListed(item, `sources[${index}]`, report) ?? []),
  ];
}

/** @returns undefined when a problem was reported. */
function readListed(item: unknown, path: string, report: Report): SourceValues | undefined {
  if (!isRecord(item)) {
    refuse(report, path, 'expected a section with name, kind and connection keys');
    return undefined;
  }
  const { name, kind, ...content } = item;
  const before = report.problems.length;
  checkValue(report, `${path}.name`, name ?? null, naming.name);
  checkValue(report, `${path}.kind`, kind ?? null, naming.kind);
  if (typeof name === 'string') checkName(name, `${path}.name`, report);
  if (report.problems.length > before || typeof name !== 'string') return undefined;
  const prefix = `${path}.`;
  const read = <S extends Section>(section: S): ValueOf<S> =>
    layer(
      section,
      { content: prune(content, section, prefix, report), variables: {}, prefix },
      report,
    );
  switch (kind) {
    case 'http':
      return { kind, name, path, values: read(httpKeys) };
    case 'rabbitmq':
      return { kind, name, path, values: read(rabbitmqKeys) };
    default:
      return { kind: 'kafka', name, path, values: read(kafkaKeys) };
  }
}

function checkName(name: string, path: string, report: Report): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    refuse(
      report,
      path,
      `${JSON.stringify(name)}: expected letters, digits, dots, dashes and underscores, at most 63`,
    );
  }
  if (name === ownSourceName) {
    refuse(
      report,
      path,
      `${JSON.stringify(name)}: expected another name; this one is taken by POST /v1/events`,
    );
  }
}

/** Checks a source's keys against each other and reads the files they name. @returns undefined when a problem was reported. */
export function buildSource(
  source: SourceValues,
  cwd: string,
  report: Report,
): SourceConfig | undefined {
  const { name, path } = source;
  const deps = { name, path, cwd, report };
  switch (source.kind) {
    case 'rabbitmq':
      return buildRabbitmq(source.values, deps);
    case 'kafka':
      return buildKafka(source.values, deps);
    case 'http':
      return buildHttp(source.values, deps);
  }
}
