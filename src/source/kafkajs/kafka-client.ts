/** The one place that configures kafkajs: how to connect, how to fail, and what its log may say. */
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry } from 'kafkajs';

import type { Log } from '../../event/log.ts';
import type { TlsOptions } from '../tls.ts';

export interface KafkaClientOptions {
  readonly name: string;
  /** `host:port` each; one that answers is enough. */
  readonly brokers: readonly string[];
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** Absent: plain text. */
  readonly tls?: TlsOptions;
  readonly log: Log;
}

const connectTimeoutMs = 5000;
const answerTimeoutMs = 15_000;

/**
 * kafkajs tries a few times by itself, for the moment a leader changes. Longer trouble ends the session: then the
 * operator is told, and the source waits with its own back-off.
 */
export const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 4 };

export function createClient(options: KafkaClientOptions): Kafka {
  return new kafkajs.Kafka({
    clientId: `hookline-${options.name}`,
    brokers: [...options.brokers],
    ...login(options.sasl),
    ...(options.tls === undefined ? {} : { ssl: { ...options.tls } }),
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: answerTimeoutMs,
    requestTimeout: answerTimeoutMs,
    retry,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => entry => tell(options, entry),
  });
}

/** kafkajs's type is a union over the mechanisms, which only a literal of each can meet. */
function login(sasl: KafkaClientOptions['sasl']): Pick<KafkaConfig, 'sasl'> {
  if (sasl === undefined) return {};
  const { mechanism, username, password } = sasl;
  switch (mechanism) {
    case 'plain':
      return { sasl: { mechanism, username, password } };
    case 'scram-sha-256':
      return { sasl: { mechanism, username, password } };
    case 'scram-sha-512':
      return { sasl: { mechanism, username, password } };
  }
}

/** What the operator must hear of although the source goes on; by the words kafkajs says it in. */
const worthTelling: Readonly<Record<string, string>> = {
  'Offset out of range, resetting to default offset': 'source.position_lost',
  'Consumer group received unsubscribed topics': 'source.assigned_foreign',
};

/** The rest is about connections and retries: their outcome is in the source's state, said once. */
function tell({ name, log }: KafkaClientOptions, { namespace, label, log: entry }: LogEntry): void {
  const { message, timestamp: _timestamp, logger: _logger, ...facts } = entry;
  const event = worthTelling[message];
  if (event !== undefined) log.warn({ source: name, ...facts }, event);
  else log.debug({ source: name, namespace, label, ...facts }, message);
}
