/** Opens the configured sources. */
import type { Config } from '../config/config.ts';
import { ownSourceName } from '../config/source/source.ts';
import type { SourceConfig } from '../config/source/source.ts';
import type { Intake } from './intake.ts';
import type { Log } from '../event/log.ts';
import { createHttpSource, type HttpSource } from './http.ts';
import { createKafkaSource } from './kafka/kafka.ts';
import { createRabbitmqSource } from './rabbitmq/rabbitmq.ts';
import type { Source } from './source.ts';

/** So many may be lost before the group gives a process up. */
const heartbeatsInSession = 10;

export function openSource(source: SourceConfig, config: Config, log: Log): Source {
  const { batchMax } = config.record;
  switch (source.kind) {
    case 'rabbitmq':
      return createRabbitmqSource({ ...source, batchMax, log });
    case 'kafka': {
      const heartbeatMs = Math.floor(source.sessionTimeoutMs / heartbeatsInSession);
      return createKafkaSource({ ...source, heartbeatMs, batchMax, log });
    }
    case 'http':
      return createHttpSource({ ...source, batchMax, log });
  }
}

/** What holds for `POST /v1/events`; a source of the configuration has keys for it. */
const own = { waitMs: 4_000, waitingMax: 1_000, bodyBytesMax: 4 * 1024 * 1024 };

/** The source behind `POST /v1/events`. */
export function openOwnSource({ record }: Config, log: Log): HttpSource {
  return createHttpSource({ name: ownSourceName, ...own, batchMax: record.batchMax, log });
}

/** What is posted where, and by whom. @param sources all that run. */
export function intakesOf({ sources: configs }: Config, sources: readonly Source[]): Intake[] {
  return sources.filter(isPostedTo).map(source => {
    const { name, accept } = source;
    const config = configs.find(one => one.name === name);
    if (config?.kind !== 'http') {
      const { bodyBytesMax } = own;
      const idempotencyHeader = 'idempotency-key';
      return { name, accept, bodyBytesMax, idempotencyHeader, origins: [], status: 202 };
    }
    const { token, hmac, bodyBytesMax, origins, format } = config;
    return {
      name,
      accept,
      proof: { ...(token !== undefined && { token }), ...(hmac && { hmac }) },
      bodyBytesMax,
      idempotencyHeader: config.idempotencyHeader.toLowerCase(),
      origins,
      // Cloudpods takes no other answer for a sign that its robot works.
      status: format === 'cloudpods' ? 200 : 202,
    };
  });
}

const isPostedTo = (source: Source): source is HttpSource => source.kind === 'http';
