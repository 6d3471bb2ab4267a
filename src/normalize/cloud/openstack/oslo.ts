/**
 * Opens the envelope of oslo.messaging, OpenStack's message library, whichever of its drivers sent it.
 *
 *     messagingv2, and Kafka always   {"oslo.version":"2.0","oslo.message":"{\"message_id\":…}"}
 *     messaging                       {"message_id":"8ebf…","publisher_id":"compute.cmp-01","event_type":"…", …}
 *
 * On RabbitMQ the context lies flat in the message (`_context_user_id`), on Kafka in one object (`_context`).
 *
 * Source: openstack/oslo.messaging, _drivers/common.py (serialize_msg, pack_context), _drivers/impl_kafka.py,
 * notify/notifier.py.
 */
import { MalformedMessageError } from '../../../event/errors.ts';
import { textAt } from '../../value/at.ts';
import { isObject, parseBody, parseObject } from '../../value/json.ts';
import type { JsonObject } from '../../value/json.ts';
import type { Scrubber } from '../../scrub/scrub.ts';

export interface Notification {
  /** The message as its service wrote it, without its secrets. */
  readonly message: JsonObject;
  readonly eventType: string;
  /** Priority in lower case: some senders write `INFO`, some `info`. */
  readonly priority: string;
  /** The context, its keys without `_context_`. */
  readonly context: JsonObject;
}

/**
 * Opens a message.
 *
 * @returns undefined for a call of OpenStack's own RPC, which shares the exchanges and is no notification.
 * @throws {MalformedMessageError} when it is neither.
 */
export function openOslo(body: Uint8Array | null, scrubber: Scrubber): Notification | undefined {
  const message = scrubber.object(innerOf(parseObject(body).value));
  const eventType = textAt(message, 'event_type');
  if (eventType !== undefined) {
    return {
      message,
      eventType,
      priority: textAt(message, 'priority')?.toLowerCase() ?? '',
      context: contextOf(message),
    };
  }
  if (isRpc(message)) return undefined;
  throw new MalformedMessageError(
    'there is no "event_type" in the message; expected a notification of oslo.messaging',
  );
}

function isRpc(message: JsonObject): boolean {
  const has = (key: string): boolean => Object.hasOwn(message, key);
  return has('_msg_id') || has('_reply_q') || (has('method') && has('args'));
}

function innerOf(body: JsonObject): JsonObject {
  if (!Object.hasOwn(body, 'oslo.message')) return body;
  const text = body['oslo.message'];
  if (typeof text !== 'string') {
    throw new MalformedMessageError('"oslo.message" is no text; expected JSON in a text');
  }
  const inner = parseBody(Buffer.from(text)).value;
  if (isObject(inner)) return inner;
  throw new MalformedMessageError('"oslo.message" holds no JSON object; expected one');
}

const flat = '_context_';

function contextOf(message: JsonObject): JsonObject {
  const { _context: nested } = message;
  if (isObject(nested)) return nested;
  return Object.fromEntries(
    Object.entries(message)
      .filter(([key]) => key.startsWith(flat))
      .map(([key, value]) => [key.slice(flat.length), value]),
  );
}
