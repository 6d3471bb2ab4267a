/** Hookline's own format: the envelope with the event's id as JSON, the same for every cloud. */
import type { Format } from '../format.ts';
import { renderJson } from '../json.ts';

/** @example body {"id":"01a1fb67-…","category":"ActionEvent","event":"VM.START","entity":"VirtualMachine", …} */
export const envelope: Format = {
  name: 'envelope',
  description: 'The event envelope as JSON: the same fields for every cloud.',
  takes: {},
  arrayType: 'application/json',
  render: event => renderJson(event, { id: event.id, ...event.envelope }),
};
