/**
 * The exchanges that a source's queue is bound to. They belong to the cloud: one that exists is used as it is. One that
 * does not exist is declared if the source is told with which type and flags, which must be those of its publishers,
 * because a publisher that declares it otherwise is refused for ever.
 *
 * Source: RabbitMQ, `rabbit_channel:handle_method` for exchange.declare and `rabbit_exchange:assert_equivalence`.
 */
import { ask, reply } from './rabbitmq-channel.ts';
import type { Link } from './rabbitmq-link.ts';

export interface ExchangeFlags {
  /** `topic`, `fanout`, `direct`, `headers`, or the type of a plugin, such as `x-delayed-message`. */
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
}

export interface Binding {
  readonly exchange: string;
  /** Reason why the queue is not bound, in the broker's words; undefined when it is. */
  readonly missing?: string;
  /** Whether the exchange was absent when it was looked for. */
  readonly wasAbsent: boolean;
}

export interface BindOptions {
  readonly queue: string;
  readonly bindings: readonly string[];
  readonly declare?: ExchangeFlags | undefined;
}

/** Binds the queue to an exchange, which is declared if it is absent and may be. Binding again what is bound changes nothing. */
export async function bindExchange(
  link: Link,
  exchange: string,
  { queue, bindings, declare }: BindOptions,
): Promise<Binding> {
  const bind = async () =>
    ask(link, async channel => {
      await channel.checkExchange(exchange);
      for (const binding of bindings) await channel.bindQueue(queue, exchange, binding);
    });
  const first = await bind();
  if (!('refusal' in first)) return { exchange, wasAbsent: false };
  const { code, words } = first.refusal;
  const wasAbsent = code === reply.notFound && words.startsWith('no exchange');
  if (!wasAbsent || declare === undefined) return { exchange, wasAbsent, missing: words };
  const { type, ...flags } = declare;
  const made = await ask(link, channel => channel.assertExchange(exchange, type, flags));
  // Somebody else may have declared it at the same moment, with other flags: then it is there, too.
  if ('refusal' in made && made.refusal.code !== reply.differs)
    return { exchange, wasAbsent, missing: made.refusal.words };
  const second = await bind();
  if ('refusal' in second) return { exchange, wasAbsent, missing: second.refusal.words };
  return { exchange, wasAbsent };
}

/**
 * Finds out how an exchange was declared, and changes nothing: the broker names the first property that differs from a
 * declaration. An argument of a type that no broker accepts keeps it from creating an exchange that has gone meanwhile.
 *
 * @returns undefined when there is no such exchange, or the user may not configure it.
 */
export async function describeExchange(
  link: Link,
  exchange: string,
): Promise<ExchangeFlags | undefined> {
  const differenceTo = async (type: string, flags: object): Promise<Difference | undefined> => {
    const options = { ...flags, arguments: { 'alternate-exchange': 0 } };
    const answer = await ask(link, channel => channel.assertExchange(exchange, type, options));
    return 'refusal' in answer ? readDifference(answer.refusal.words) : undefined;
  };
  const type = await findType(differenceTo);
  if (type === undefined) return undefined;
  const assumed = { durable: true, autoDelete: false };
  const first = await differenceTo(type, assumed);
  const durable = first?.property !== 'durable';
  const second = durable ? first : await differenceTo(type, { ...assumed, durable });
  return { type, durable, autoDelete: second?.property === 'auto_delete' };
}

interface Difference {
  readonly property: string;
  readonly current: string;
}

async function findType(
  differenceTo: (type: string, flags: object) => Promise<Difference | undefined>,
): Promise<string | undefined> {
  const first = await differenceTo('fanout', {});
  if (first === undefined) return undefined;
  return first.property === 'type' ? first.current : 'fanout';
}

/** Reads `inequivalent arg 'durable' for exchange 'nova' in vhost '/': received 'true' but current is 'false'`. */
function readDifference(words: string): Difference | undefined {
  const property = /^inequivalent arg '([^']+)'/.exec(words)?.[1];
  if (property === undefined) return undefined;
  return { property, current: /but current is '([^']*)'/.exec(words)?.[1] ?? '' };
}

/** @example describeFlags({ type: 'topic', durable: false, autoDelete: false }) // 'topic, not durable' */
export const describeFlags = ({ type, durable, autoDelete }: ExchangeFlags): string =>
  [type, durable ? 'durable' : 'not durable', ...(autoDelete ? ['auto-delete'] : [])].join(', ');

/**
 * Lists what will go wrong with an exchange as it is, for the operator.
 *
 * On a direct exchange a binding key is compared with the routing key as it stands. Fanout and headers exchanges pass
 * everything on to a binding without arguments, whatever its key.
 */
export function warnOfExchange(
  exchange: string,
  found: ExchangeFlags,
  { bindings, declare }: Pick<BindOptions, 'bindings' | 'declare'>,
): readonly string[] {
  const literal = found.type === 'direct' ? bindings.filter(hasWildcard) : [];
  const differs = declare !== undefined && describeFlags(declare) !== describeFlags(found);
  return [
    ...(literal.length > 0
      ? [
          `exchange ${exchange} is of the type direct, on which no routing key matches ${literal.join(', ')}: a binding must be the routing key itself`,
        ]
      : []),
    ...(differs
      ? [
          `exchange ${exchange} exists as ${describeFlags(found)}; the configuration would declare it as ${describeFlags(declare)}`,
        ]
      : []),
  ];
}

const hasWildcard = (binding: string): boolean =>
  binding.split('.').some(word => word === '*' || word === '#');
