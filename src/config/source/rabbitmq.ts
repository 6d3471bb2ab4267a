/** A RabbitMQ source: the keys of the section `amqp` and of an item of `sources`, and what they build. */
import { refuse } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';
import { formatKeys } from './format-keys.ts';
import type { SourceDeps } from './deps.ts';
import { readTls, tlsKeys } from './tls.ts';
import type { TlsConfig } from './tls.ts';

export const rabbitmqKeys = {
  url: {
    doc: 'URL of the broker, with user and virtual host: `amqp://user:password@host:5672/vhost`, or `amqps:` for TLS. Required for the source to exist.',
    kind: 'amqpUrl',
    optional: true,
  },
  exchange: {
    doc: 'Exchanges to bind the queue to. They must exist; Hookline never declares them.',
    kind: 'list',
    default: ['cloudstack-events'],
  },
  bindings: {
    doc: 'Binding keys; * matches one word, # any number of words.',
    kind: 'list',
    default: ['#'],
  },
  queue: {
    doc: "Name of Hookline's own durable queue, which is declared if missing.",
    kind: 'text',
    default: 'hookline',
  },
  queueType: {
    doc: 'Type of the queue, if Hookline declares it.',
    kind: 'word',
    words: ['quorum', 'classic'],
    default: 'quorum',
  },
  ...formatKeys,
  prefetch: {
    doc: 'Maximum number of unacknowledged messages that the broker sends ahead.',
    unit: 'messages',
    kind: 'whole',
    min: 1,
    max: 65_535,
    default: 2_000,
  },
  tls: tlsKeys,
} as const satisfies Section;

export type RabbitmqValues = ValueOf<typeof rabbitmqKeys>;

export interface RabbitmqConfig extends Omit<RabbitmqValues, 'url' | 'tls'> {
  readonly kind: 'rabbitmq';
  readonly name: string;
  readonly url: string;
  /** TLS options; absent when no TLS key is set: then an `amqps:` URL is checked with the system's authorities. */
  readonly tls?: TlsConfig;
}

/** @returns undefined when a problem was reported. */
export function buildRabbitmq(
  { url, tls: tlsValues, ...rest }: RabbitmqValues,
  { name, path, cwd, report }: SourceDeps,
): RabbitmqConfig | undefined {
  if (url === undefined) {
    refuse(report, `${path}.url`, "null: expected the broker's URL");
    return undefined;
  }
  const tls = readTls(tlsValues, `${path}.tls`, cwd, report);
  if (tls !== undefined && URL.parse(url)?.protocol === 'amqp:') {
    refuse(report, `${path}.tls`, `set, but ${path}.url starts with amqp://: expected amqps://`);
  }
  return { kind: 'rabbitmq', name, url, ...rest, tls };
}
