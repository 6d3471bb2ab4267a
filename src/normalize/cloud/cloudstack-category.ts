/**
 * Tells which of CloudStack's five kinds a message is: by RabbitMQ's routing key, and on Kafka by the body.
 *
 * Source: apache/cloudstack, RabbitMQEventBus.createRoutingKey and KafkaEventBus.publish (topic, key and body only).
 */
import { MalformedMessageError } from '../../event/errors.ts';
import { categories } from '../../event/envelope.ts';
import type { Category } from '../../event/envelope.ts';
import type { JsonObject } from '../value/json.ts';
import { storable } from '../value/text.ts';

/** The five words of a routing key, each absent where CloudStack wrote `*`. Dots in them were turned into dashes. */
export interface RoutingKey {
  readonly source?: string;
  readonly category: Category;
  /** The event type; for resource states and async jobs the only place that tells what happened. */
  readonly type?: string;
  /** `VirtualMachine`, or with dashes for dots `com-cloud-vm-VirtualMachine`. */
  readonly resource?: string;
  readonly resourceUuid?: string;
}

/**
 * Reads a routing key.
 *
 * @example readRoutingKey('management-server.ActionEvent.VM-START.VirtualMachine.b4e21db8-…')
 * @returns undefined for a key that is not CloudStack's, as when a shovel or a bridge chose its own.
 * @throws {MalformedMessageError} when the key has CloudStack's form and an unknown category: to take it for a known
 *   one would give tenants what they did not ask for.
 */
export function readRoutingKey(routingKey: string | undefined): RoutingKey | undefined {
  const words = routingKey?.split('.');
  if (words?.length !== 5) return undefined;
  const [source, category, type, resource, resourceUuid] = words.map(known);
  if (!isCategory(category)) {
    if (category?.endsWith('Event') !== true) return undefined;
    throw new MalformedMessageError(
      `the second word of the routing key is not a known category; expected ${categories.join(', ')}`,
    );
  }
  return { category, source, type, resource, resourceUuid };
}

/**
 * Tells the category by the shape of the body. The order matters: an async job too has a `status`, an alert an `event`.
 *
 * @throws {MalformedMessageError} when it has none of the five shapes.
 */
export function inferCategory(body: JsonObject): Category {
  const has = (key: string) => body[key] !== undefined;
  const { event } = body;
  if (has('jobId') && (has('commandEventType') || has('cmdInfo') || has('command'))) {
    return 'AsyncJobEvent';
  }
  if (has('old-state') || has('new-state')) return 'ResourceStateEvent';
  const alerts = typeof event === 'string' && event.startsWith('ALERT');
  if (has('dataCenterId') || (has('subject') && (alerts || has('body')))) return 'AlertEvent';
  if (has('event') && !has('status')) {
    if (has('zone') || (has('resource') && has('id') && has('account'))) return 'UsageEvent';
  }
  if (has('event') && has('status')) return 'ActionEvent';
  throw new MalformedMessageError(
    'the body has the shape of no CloudStack event; expected "event" and "status" (action), "subject" or "dataCenterId" ' +
      '(alert), "resource", "id" and "account" (usage), "old-state" (resource state), or "jobId" (async job)',
  );
}

function known(word: string): string | undefined {
  return word === '*' || word === '' ? undefined : storable(word);
}

function isCategory(word: string | undefined): word is Category {
  return categories.some(category => category === word);
}
