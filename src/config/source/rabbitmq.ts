/** A RabbitMQ source: the keys of the section `amqp` and of an item of `sources`, and what they make. */
import { refuse } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';
import { formatKeys } from './format-keys.ts';
import type { SourceDeps } from './deps.ts';
import { readTls, tlsKeys } from './tls.ts';
import type { TlsConfig } from './tls.ts';

export const rabbitmqKeys = {
  url: {
    doc: 'Broker, user and virtual host: `amqp://user:password@host:5672/vhost`, or `amqps:` for TLS. Setting it makes the source.',
    kind: 'amqpUrl',
    optional: true,
  },
  exchange: {
    doc: 'Exchanges to bind to. They are checked, never declared.',
    kind: 'list',
    default: ['cloudstack-events'],
  },
  bindings: {
    doc: 'Routing keys, in which * stands for one word and # for any number.',
    kind: 'list',
    default: ['#'],
  },
  queue: {
    doc: "Hookline's own durable queue; declared when it is missing.",
    kind: 'text',
    default: 'hookline',
  },
  queueType: {
    doc: 'Type of that queue when it is declared.',
    kind: 'word',
    words: ['quorum', 'classic'],
    default: 'quorum',
  },
  ...formatKeys,
  prefetch: {
    doc: 'Messages the broker hands over before the first of them is settled.',
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
  /** Given only where a TLS key is set; an `amqps:` URL alone uses the system's authorities. */
  readonly tls?: TlsConfig;
}

/** Undefined when a problem was reported. */
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
