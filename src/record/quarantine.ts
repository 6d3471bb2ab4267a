/** Puts a message aside whole, with the reason why it cannot become an event. */
import type { Message } from '../event/message.ts';
import type { ReadMessage } from './read-message.ts';

/** Quarantines a message. @param reason what was found and what was expected. */
export function quarantine(message: Message, id: string, reason: string): ReadMessage {
  const { position, routingKey, headers, body } = message;
  return {
    message,
    events: [],
    quarantined: {
      id,
      position: storable(position),
      reason: storable(reason),
      body,
      routingKey: routingKey === undefined ? undefined : storable(routingKey),
      headers: headers && storableAll(headers),
    },
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
