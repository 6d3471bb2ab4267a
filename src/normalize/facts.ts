/** From what a decoder found, whatever its type, to an event that every store, log and receiver takes. */
import { hash } from 'node:crypto';

import { MalformedMessageError } from '../event/errors.ts';
import type { Envelope } from '../event/event.ts';
import { readInstant } from './value/instant.ts';
import { isObject } from './value/json.ts';
import type { JsonObject } from './value/json.ts';
import type { NormalizedEvent } from './normalized-event.ts';
import { cut, storable } from './value/text.ts';

/** An id or a name longer than this is none; it would not fit an index either. */
export const nameLengthMax = 255;
/** The one id that may be longer: an object store's objects have no other id than their bucket and key, which end there. */
export const entityuuidBytesMax = 1_100;
/** Longer descriptions are cut in the envelope. */
export const textLengthMax = 4_096;
/** Details that are longer than this as JSON lose their largest parts. */
export const detailsLengthMax = 256 * 1_024;
/** Messages that tell of more are not read: nobody makes such, and each event costs a row. */
export const eventCountMax = 1_000;
const detailDepthMax = 40;
const omittedCountMax = 32;

/**
 * What a decoder found. Texts and numbers count; null, empty text, objects and lists are taken for absent, except in
 * `details`.
 */
export interface Facts {
  readonly event: unknown;
  readonly entity?: unknown;
  readonly entityuuid?: unknown;
  readonly account?: unknown;
  readonly user?: unknown;
  readonly project?: unknown;
  readonly domain?: unknown;
  readonly status?: unknown;
  /** Text, in UTC where it names no zone, or milliseconds since 1970. */
  readonly eventDateTime?: unknown;
  readonly description?: unknown;
  readonly source?: unknown;
  readonly details?: JsonObject;
  readonly key?: unknown;
}

type Draft = { -readonly [K in keyof Envelope]: Envelope[K] };

const names = [
  'entity',
  'entityuuid',
  'account',
  'user',
  'project',
  'domain',
  'status',
] as const satisfies readonly (keyof Facts & keyof Envelope)[];

/**
 * @throws {MalformedMessageError} when there is no event type, or an id is longer than its limit: half an id would be
 *   another's.
 */
export function eventOf(facts: Facts): NormalizedEvent {
  const event = nameOf('event', facts.event);
  if (event === undefined) {
    throw new MalformedMessageError('there is no event type; expected it as text');
  }
  const draft: Draft = { event };
  for (const field of names) {
    const name = nameOf(field, facts[field]);
    if (name !== undefined) draft[field] = name;
  }
  const instant = readInstant(facts.eventDateTime);
  if (instant !== undefined) draft.eventDateTime = instant;
  const description = textOf(facts.description);
  if (description !== undefined) draft.description = cut(storable(description), textLengthMax);
  const source = nameOf('source', facts.source);
  if (source !== undefined) draft.source = source;
  const details = detailsOf({
    ...facts.details,
    ...(instant === undefined && { eventDateTime: facts.eventDateTime }),
  });
  if (details !== undefined) draft.details = details;
  const key = keyOf(facts.key);
  return { envelope: draft, ...(key !== undefined && { key }) };
}

/** @throws {MalformedMessageError} when one message would become more than `eventCountMax` events. */
export function limited<T>(items: readonly T[]): readonly T[] {
  if (items.length <= eventCountMax) return items;
  throw new MalformedMessageError(
    `the message tells of ${items.length} events; expected at most ${eventCountMax}`,
  );
}

function nameOf(field: string, value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  const [length, lengthMax, unit] =
    field === 'entityuuid'
      ? [Buffer.byteLength(text), entityuuidBytesMax, 'bytes']
      : [text.length, nameLengthMax, 'characters'];
  if (length <= lengthMax) return storable(text);
  throw new MalformedMessageError(
    `"${field}" would have ${length} ${unit}; expected at most ${lengthMax}`,
  );
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function keyOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  const key = storable(text);
  return key.length > nameLengthMax || key !== text ? `sha256:${hash('sha256', text, 'hex')}` : key;
}

/** What is null or empty at the top is absent; below, it stays as it is. */
function detailsOf(raw: JsonObject): Envelope['details'] {
  const told = Object.entries(raw).filter(([, value]) => value !== null && value !== '');
  const details = fitting(entriesOf(Object.fromEntries(told), 0));
  return Object.keys(details).length > 0 ? details : undefined;
}

/** The value as plain JSON that can be stored; undefined for what JSON does not know. */
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

/** Without the largest of the details, as far as they are too long together; `omitted` names the first of those. */
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
