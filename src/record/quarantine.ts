/** Puts a message aside, or an item of one, with the reason why it cannot become an event. */
import type { Message } from '../event/message.ts';
import type { MessageToQuarantine } from '../store/record/record-batch.ts';

/** Quarantines a message. @param reason what was found and what was expected. */
export function quarantine(message: Message, id: string, reason: string): MessageToQuarantine {
  const { position, routingKey, headers, body, item, sendingId } = message;
  return {
    id,
    position: storable(position),
    reason: storable(reason),
    body,
    routingKey: routingKey === undefined ? undefined : storable(routingKey),
    headers: headers && storableAll(headers),
    item,
    sendingId: sendingId === undefined ? undefined : storable(sendingId),
  };
}

/** Replaces NUL, the one character that PostgreSQL's text and jsonb do not hold. */
function storable(text: string): string {
  return text.replaceAll('\0', '\u{FFFD}');
}

function storableAll(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [storable(name), storable(value)]),
  );
}
