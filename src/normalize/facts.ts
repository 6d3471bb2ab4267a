/** Makes an event of what a decoder found, whatever its type: one that every store, log and receiver takes. */
import { hash } from 'node:crypto';

import { MalformedMessageError } from '../event/errors.ts';
import { envelopeFacts, factNamesOfKind, nameLengthMax } from '../event/envelope.ts';
import type { Envelope, FactName, FactOfKind } from '../event/envelope.ts';
import { provenNames } from '../event/event.ts';
import type { Proven, ProvenFact } from '../event/event.ts';
import { readInstant } from './value/instant.ts';
import { isObject } from './value/json.ts';
import type { JsonObject } from './value/json.ts';
import type { EnvelopeDraft, NormalizedEvent } from './normalized-event.ts';
import { cut, storable } from './value/text.ts';

/** Details that are longer than this as JSON lose their largest parts. */
export const detailsLengthMax = 256 * 1_024;
/** Maximum number of events in one message. Nobody makes larger ones, and each event costs a row. */
export const eventCountMax = 1_000;
const detailDepthMax = 40;
const omittedCountMax = 32;

/**
 * A decoder's findings. Texts and numbers count; null, blank text, objects and lists are taken for absent, except in
 * `details`. An `eventDateTime` is text, in UTC where it names no zone, or milliseconds since 1970.
 */
export interface Facts extends UnreadFacts {
  readonly event: unknown;
  readonly details?: JsonObject;
  /** The event's own name on its source; see `NormalizedEvent`. */
  readonly key?: unknown;
}

type UnreadFacts = {
  readonly [F in Exclude<FactName, 'category' | 'details'> | ProvenFact]?: unknown;
};

/** The type of the event has to be there; the others need not. */
const optionalFacts = factNamesOfKind('name', 'text', 'instant').filter(fact => fact !== 'event');

/**
 * Makes the event; facts of the wrong type are left out.
 *
 * @throws {MalformedMessageError} when there is no event type, or an id or a name is longer than its limit.
 */
export function eventOf(facts: Facts): NormalizedEvent {
  const event = readFact('event', facts.event);
  if (event === undefined) {
    throw new MalformedMessageError('there is no event type; expected it as text');
  }
  const draft: EnvelopeDraft = { event };
  const unread: Record<string, unknown> = {};
  for (const fact of optionalFacts) {
    const value = readFact(fact, facts[fact]);
    if (value !== undefined) draft[fact] = value;
    else if (envelopeFacts[fact].kind === 'instant') unread[fact] = facts[fact];
  }
  const details = detailsOf({ ...facts.details, ...unread });
  if (details !== undefined) draft.details = details;
  const key = keyOf(facts.key);
  return { envelope: draft, ...(key !== undefined && { key }), ...provenIn(facts) };
}

/** The ids of those whom the event concerns; each has the limit of the same fact of the envelope. */
function provenIn(facts: Facts): Proven {
  const proven: { -readonly [F in ProvenFact]?: string } = {};
  for (const fact of provenNames) {
    const id = readFact(fact === 'provenDomain' ? 'domain' : 'user', facts[fact]);
    if (id !== undefined) proven[fact] = id;
  }
  return proven;
}

/** @throws {MalformedMessageError} when one message would become more than `eventCountMax` events. */
export function limited<T>(items: readonly T[]): readonly T[] {
  if (items.length <= eventCountMax) return items;
  throw new MalformedMessageError(
    `the message tells of ${items.length} events; expected at most ${eventCountMax}`,
  );
}

function readFact(
  fact: FactOfKind<'name' | 'text' | 'instant'>,
  value: unknown,
): string | undefined {
  const definition = envelopeFacts[fact];
  if (definition.kind === 'instant') return readInstant(value);
  const text = textOf(value);
  if (text === undefined) return undefined;
  const { max, unit } = definition.limit;
  if (definition.kind === 'text') return cut(storable(text), max);
  const length = unit === 'bytes' ? Buffer.byteLength(text) : text.length;
  if (length <= max) return storable(text);
  throw new MalformedMessageError(
    `"${fact}" would have ${length} ${unit}; expected at most ${max}`,
  );
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function keyOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  const key = storable(text);
  return key.length > nameLengthMax || key !== text ? `sha256:${hash('sha256', text, 'hex')}` : key;
}

/** Leaves out what is null or empty at the top; below, it stays. */
function detailsOf(raw: JsonObject): Envelope['details'] {
  const told = Object.entries(raw).filter(([, value]) => value !== null && value !== '');
  const details = fitting(entriesOf(Object.fromEntries(told), 0));
  return Object.keys(details).length > 0 ? details : undefined;
}

/** Copies the value as plain JSON that can be stored; undefined for what JSON does not know. */
function presentable(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return storable(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object' || depth >= detailDepthMax) return undefined;
  if (Array.isArray(value)) return value.map(item => presentable(item, depth + 1) ?? null);
  return isObject(value) ? entriesOf(value, depth + 1) : undefined;
}

function entriesOf(object: JsonObject, depth: number): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => {
      const shown = presentable(value, depth);
      return shown === undefined ? [] : [[storable(cut(key, nameLengthMax)), shown]];
    }),
  );
}

/** Leaves out the largest details until the rest is short enough; `omitted` names the first of them. */
function fitting(details: JsonObject): JsonObject {
  const sizes = Object.entries(details).map(([key, value]) => ({
    key,
    size: key.length + JSON.stringify(value).length,
  }));
  let size = sizes.reduce((sum, part) => sum + part.size, 0);
  if (size <= detailsLengthMax) return details;
  const omitted = new Set<string>();
  for (const part of sizes.toSorted((a, b) => b.size - a.size)) {
    if (size <= detailsLengthMax) break;
    omitted.add(part.key);
    size -= part.size;
  }
  const kept = Object.entries(details).filter(([key]) => !omitted.has(key));
  return Object.fromEntries([...kept, ['omitted', [...omitted].slice(0, omittedCountMax)]]);
}
