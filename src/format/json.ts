/** What the formats with a JSON body have in common. */
import type { FormatEvent, FormatOptions, Rendered } from './format.ts';

/** Without a version: two replicas of different ones must send the same. */
export const userAgent: readonly string[] = ['User-Agent', 'Hookline'];
export const jsonHeaders: readonly string[] = [...userAgent, 'Content-Type', 'application/json'];

/** For `takes.body`. */
export const addedFields = 'fields added to the body; they win over those of the same name';

/** @param fields what the format says; what the webhook's `body` says wins over it. */
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

/** There is nothing to say to the target. @param reason a clause: `it keeps incidents, and this action is under way` */
export function renderNothing({ id }: FormatEvent, reason: string): Rendered {
  return { eventId: id, body: Buffer.alloc(0), headers: [], skip: reason };
}
