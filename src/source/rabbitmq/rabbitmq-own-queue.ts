/**
 * The queue of Hookline's own and its bindings, made at the beginning of each session and checked from time to time.
 *
 * A binding that was missing is a hole through which events are lost, so one that has to be made again is told.
 */
import {
  bindExchange,
  describeExchange,
  type Binding,
  type BindOptions,
  type ExchangeFlags,
  warnOfExchange,
} from './rabbitmq-exchange.ts';
import { reply } from './rabbitmq-channel.ts';
import type { Link } from './rabbitmq-link.ts';
import { hasMarker, setMarker } from './rabbitmq-marker.ts';
import { differenceOfQueue, ensureQueue, findQueue, type OwnQueue } from './rabbitmq-queue.ts';
import type { Inlet, QueuesFound } from './rabbitmq-inlet.ts';
import type { Notices } from '../notices.ts';

export interface OwnQueueOptions extends OwnQueue, BindOptions {
  /** The cloud's exchanges; each is bound with every binding. */
  readonly exchange: readonly string[];
}

export function createOwnQueue(options: OwnQueueOptions, notices: Notices): Inlet {
  /** Exchanges that were bound at the last look; undefined before the first one of this process. */
  let bound: ReadonlySet<string> | undefined;
  /** How exchanges were declared; undefined where the user may not know. Each question is an error in the broker's log. */
  const known = new Map<string, ExchangeFlags | undefined>();

  async function learn(link: Link, { exchange, missing }: Binding): Promise<void> {
    if (missing === undefined && !known.has(exchange))
      known.set(exchange, await describeExchange(link, exchange));
  }

  async function bindAll(link: Link): Promise<readonly Binding[]> {
    return Promise.all(options.exchange.map(name => bindExchange(link, name, options)));
  }

  function report(bindings: readonly Binding[], isLost: (binding: Binding) => string | undefined) {
    for (const binding of bindings) {
      const why = binding.missing === undefined ? isLost(binding) : undefined;
      if (why !== undefined) notices.restored(binding.exchange, why);
    }
    bound = new Set(
      bindings.filter(({ missing }) => missing === undefined).map(({ exchange }) => exchange),
    );
    return describe(options, bindings);
  }

  return {
    async open(link) {
      // Before anything else, and all at once: what a publisher sends meanwhile is lost.
      const [isNew, wasMarked] = await Promise.all([
        ensureQueue(link, options),
        hasMarker(link, options.queue),
      ]);
      const bindings = await bindAll(link);
      // After a restart of the broker others may have declared them otherwise.
      if (!wasMarked) known.clear();
      await Promise.all(bindings.map(binding => learn(link, binding)));
      const isMarked = await setMarker(link, options.queue);
      const isAgain = bound !== undefined || !isNew;
      // Told at once: were the connection lost first, the marker would hide the hole from the next session.
      const found = report(bindings, ({ exchange, wasAbsent }) => {
        if (!isAgain) return undefined;
        if (isNew) return 'the queue had been deleted';
        if (wasAbsent) return 'the exchange did not exist';
        return isMarked && !wasMarked && known.get(exchange)?.durable === false
          ? 'the broker has restarted, and the exchange, which is not durable, was declared before the queue was bound again'
          : undefined;
      });
      const warnings = options.exchange.flatMap(exchange => {
        const flags = known.get(exchange);
        return flags ? warnOfExchange(exchange, flags, options) : [];
      });
      notices.warn('topology', [...warnings, ...(isNew ? [] : await warnOfQueue(link, options))]);
      return found;
    },
    async check(link) {
      const before = bound;
      return report(await bindAll(link), ({ exchange, wasAbsent }) => {
        if (wasAbsent) return 'the exchange had been deleted';
        return before?.has(exchange) === false ? 'the exchange did not exist until now' : undefined;
      });
    },
    async countWaiting(link) {
      const found = await findQueue(link, options.queue);
      // The queue was deleted: the consumer hears of it, records what it holds and ends the session.
      return 'value' in found ? found.value.messages : undefined;
    },
  };
}

function describe({ queue, exchange }: OwnQueueOptions, bindings: readonly Binding[]): QueuesFound {
  const missing = bindings.flatMap(binding => binding.missing ?? []);
  return { queues: [queue], missing, isFed: missing.length < exchange.length };
}

/** Says how an existing queue differs from the one that Hookline would have created. */
export async function warnOfQueue(link: Link, own: OwnQueue): Promise<readonly string[]> {
  const difference = await differenceOfQueue(link, own);
  if (difference?.code !== reply.differs) return [];
  return [
    `queue ${own.queue} was created otherwise than Hookline would create it, and is used as it is: ${difference.words}`,
  ];
}
