/**
 * The one place that configures kafkajs: how to connect, how to fail, and which of its log lines are passed on.
 *
 * kafkajs 2.2.4 is its last release (2023), so this folder holds repairs and additions beside what adapts it:
 *
 * - `kafka-idle.ts` is a repair: its timers wake an idle process a thousand times a second.
 * - `kafka-offsets.ts` replaces what it does about offsets: it asks the group alone, and resets by itself.
 * - `kafka-log.ts` is an addition: it shows neither the real ends of a log nor the texts beside committed offsets.
 * - `kafka-topic-ids.ts` is an addition: it speaks no version of Metadata that has topic ids.
 * - `kafka-codecs.ts` is an addition: it decompresses gzip alone.
 * - `kafka-committer.ts` stands in for its auto-commit, which waits for the coordinator in the middle of a batch.
 * - `kafka-consumer.ts`, `kafka-member.ts`, `kafka-membership.ts`, `kafka-reading.ts` and `kafka-batch.ts` make a member of a group that
 *   can lose its partitions while it records out of its `eachBatch` and its events.
 *
 * Another client library replaces this folder. Beside it, `source/kafka/` uses the type `Admin` (list topics, fetch
 * offsets, describe a group) and the client that makes it; nothing outside `source/` knows either. The suite that has
 * to pass then is test/conformance/source-kafka.test.ts.
 */
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry } from 'kafkajs';

import { trustEachGiven } from '../../event/network/trust.ts';
import type { Log } from '../../event/log.ts';
import type { TlsOptions } from '../tls.ts';
import { registerCodecs } from './kafka-codecs.ts';
import { stopIdleTimers } from './kafka-idle.ts';
import { replaceOffsets } from './kafka-offsets.ts';

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
 * kafkajs retries a few times by itself, for the moment in which a leader changes. Longer trouble ends the session:
 * then the operator is told, and the source waits with its own back-off.
 */
export const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 4 };

/** Repairs kafkajs and completes it, for the whole process; to be called before a client is created. Idempotent. */
export function repairKafkajs(): void {
  registerCodecs();
  stopIdleTimers();
  replaceOffsets();
}

export function createClient(options: KafkaClientOptions): Kafka {
  return new kafkajs.Kafka({
    clientId: `hookline-${options.name}`,
    brokers: [...options.brokers],
    ...login(options.sasl),
    ssl: options.tls && { ...trustEachGiven, ...options.tls },
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: answerTimeoutMs,
    requestTimeout: answerTimeoutMs,
    retry,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => entry => tell(options, entry),
  });
}

/** Its type is a union over the mechanisms, so each needs a literal of its own. */
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

/** Log lines of kafkajs that the operator must see although the source goes on, and the events they are logged as. */
const worthTelling: Readonly<Record<string, string>> = {
  'Consumer group received unsubscribed topics': 'source.assigned_foreign',
};

/**
 * Passes on what is worth telling as a warning. The rest is about connections and retries, whose result is in the
 * source's state anyway.
 */
function tell({ name, log }: KafkaClientOptions, { namespace, label, log: entry }: LogEntry): void {
  const { message, timestamp: _timestamp, logger: _logger, ...facts } = entry;
  const event = worthTelling[message];
  if (event !== undefined) log.warn({ source: name, ...facts }, event);
  else log.debug({ source: name, namespace, label, ...facts }, message);
}
