/** The common parts of formats with a JSON body. */
import type { FormatEvent, FormatOptions, Rendered } from './format.ts';

/** User-Agent without a version: two replicas of different versions must send the same. */
export const userAgent: readonly string[] = ['User-Agent', 'Hookline'];
export const jsonHeaders: readonly string[] = [...userAgent, 'Content-Type', 'application/json'];

/** Description of the option `body`. */
export const addedFields = 'fields added to the body; they win over those of the same name';

/** Renders a body. @param fields the format's own; those of the webhook's `body` win. */
export function renderJson(
  { id }: FormatEvent,
  fields: Readonly<Record<string, unknown>>,
  { body }: FormatOptions = {},
): Rendered {
  return renderValue(id, { ...fields, ...body });
}

export function renderValue(eventId: string, value: object): Rendered {
  return { eventId, body: Buffer.from(JSON.stringify(value)), headers: jsonHeaders };
}

/** Renders nothing: no request is sent. @param reason a clause: `it keeps incidents, and this action is under way` */
export function renderNothing({ id }: FormatEvent, reason: string): Rendered {
  return { eventId: id, body: Buffer.alloc(0), headers: [], skip: reason };
}
