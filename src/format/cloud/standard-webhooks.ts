/**
 * The payload that Standard Webhooks recommends; the headers of that specification go with every format.
 *
 * Source: Standard Webhooks 1.0, "Payload structure".
 */
import type { Format } from '../format.ts';
import { renderJson } from '../json.ts';
import { timeOfEvent } from '../words.ts';

/** @example body {"type":"VM.START","timestamp":"2024-07-10T08:05:07.000Z","data":{"id":"01a1fb67-…", …}} */
export const standardWebhooks: Format = {
  name: 'standard-webhooks',
  description: 'The payload of Standard Webhooks: type, timestamp, data.',
  takes: {},
  arrayType: 'application/json',
  render: event =>
    renderJson(event, {
      type: event.envelope.event,
      timestamp: timeOfEvent(event),
      data: { id: event.id, ...event.envelope },
    }),
};
