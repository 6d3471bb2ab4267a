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
  managementUrl: {
    doc: "URL of the broker's management API, such as `http://rabbitmq:15672`, by which policies and arguments that drop messages are noticed: AMQP does not show policies. Without user and password in it, those of url are used; the user needs the tag `management`.",
    kind: 'httpUrl',
    optional: true,
  },
  exchange: {
    doc: 'Exchanges to bind the queue to. Those that exist are used as they are; a missing one is waited for or, with declare.type, declared.',
    kind: 'list',
    default: ['cloudstack-events'],
  },
  declare: {
    type: {
      doc: "Type with which to declare exchanges that do not exist, so that nothing is lost between the cloud's first message and the binding. The type and flags must be those of the cloud, which could not declare its exchange otherwise: see clouds.md. If unset, no exchange is declared.",
      kind: 'word',
      words: ['topic', 'fanout', 'direct', 'headers'],
      optional: true,
    },
    durable: {
      doc: 'Whether an exchange that is declared survives a restart of the broker, together with its bindings. OpenStack and MinIO have false unless told otherwise.',
      kind: 'flag',
      default: true,
    },
    autoDelete: {
      doc: 'Whether an exchange that is declared is deleted with its last binding.',
      kind: 'flag',
      default: false,
    },
  },
  bindings: {
    doc: 'Binding keys; * matches one word, # any number of words.',
    kind: 'list',
    default: ['#'],
  },
  queue: {
    doc: "Name of Hookline's own durable queue, which is declared if missing. One that exists is used as it is.",
    kind: 'text',
    default: 'hookline',
  },
  queueType: {
    doc: 'Type of the queue, if Hookline declares it.',
    kind: 'word',
    words: ['quorum', 'classic'],
    default: 'quorum',
  },
  queues: {
    doc: "Queues of others to read instead, such as `hookline.info` of OpenStack's `topics = notifications,hookline`. Nothing is declared or bound then, so the permission to read them suffices; exchange, bindings, declare, queue and queueType have no effect. Nobody else may read these queues.",
    kind: 'list',
    optional: true,
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

export interface DeclaredExchange {
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
}

export interface RabbitmqConfig extends Omit<RabbitmqValues, 'url' | 'tls' | 'declare'> {
  readonly kind: 'rabbitmq';
  readonly name: string;
  readonly url: string;
  /** How missing exchanges are declared; absent when they are not. */
  readonly declare?: DeclaredExchange;
  /** TLS options; absent when no TLS key is set: then an `amqps:` URL is checked with the system's authorities. */
  readonly tls?: TlsConfig;
}

/** @returns undefined when a problem was reported. */
export function buildRabbitmq(
  { url, tls: tlsValues, declare: { type, ...flags }, ...rest }: RabbitmqValues,
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
  if (type !== undefined && rest.queues !== undefined) {
    refuse(report, `${path}.queues`, `set, but so is ${path}.declare.type: expected one of them`);
  }
  const declare = type === undefined ? undefined : { type, ...flags };
  return { kind: 'rabbitmq', name, url, ...rest, declare, tls };
}
