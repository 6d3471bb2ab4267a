/**
 * Apache CloudStack's events, as its RabbitMQ and Kafka event buses publish them.
 *
 * The body is the same on both, a flat JSON object of texts for all but async jobs:
 *
 *     {"event":"VM.START","status":"Completed","entity":"VirtualMachine","entityuuid":"b4e2…","account":"7ae7…",
 *      "user":"7f4e…","description":"Successfully completed …","eventDateTime":"2024-07-10 08:05:07 +0000"}
 *
 * Only the routing key, which Kafka lacks, says what happened in a resource state event and where an async job stands.
 *
 * Source: apache/cloudstack, ActionEventUtils, AlertGenerator, UsageEventUtils, the state listeners of VM, volume, snapshot
 * and network, ApiServer.handleAsyncJobPublishEvent, and contrail's EventUtils (no account, no time).
 */
import { MalformedMessageError } from '../../event/errors.ts';
import { descriptionLengthMax, nameLengthMax } from '../../event/envelope.ts';
import type { Category, Envelope } from '../../event/envelope.ts';
import type { Message } from '../../event/message.ts';
import { inferCategory, readRoutingKey } from './cloudstack-category.ts';
import type { RoutingKey } from './cloudstack-category.ts';
import { toRfc3339 } from '../value/java-time.ts';
import { parseObject, writeChanged } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import type { EnvelopeDraft, NormalizedEvent } from '../normalized-event.ts';
import { builtInScrubber } from '../scrub/scrub.ts';
import type { Scrubber } from '../scrub/scrub.ts';
import { cut, storable } from '../value/text.ts';

const detailCountMax = 32;

/** An event whose body is CloudStack's own text. */
export interface VerbatimEvent extends NormalizedEvent {
  readonly body: string;
}

/**
 * Reads one message of any of the five categories.
 *
 * An action event's body is passed on as it came. Every other body is scrubbed of secrets, and written anew only if
 * there were any. A time that cannot be read is left out of
 * the envelope and kept in `details`. A resource state event from Kafka, and an async job of a command without an event
 * type, have the category for a name, because nothing else names them.
 *
 * @throws {MalformedMessageError} when the body is no JSON object in UTF-8, has the shape of no CloudStack event, has
 *   no `event`, or an id in it is longer than `nameLengthMax`.
 */
export function normalizeCloudStack(
  message: Message,
  scrubber: Scrubber = builtInScrubber,
): VerbatimEvent {
  const { text, value } = parseObject(message.body);
  const route = readRoutingKey(message.routingKey);
  const category = route?.category ?? inferCategory(value);
  if (category === 'ActionEvent') {
    return { envelope: envelopeOf(category, value, { route, scrubber }), body: text };
  }
  const safe = scrubber.object(value);
  const envelope = envelopeOf(category, safe, { route, scrubber });
  const body = safe === value ? text : writeChanged({ text, value }, scrubber.object);
  return { envelope, body };
}

/** The key under which each category keeps a fact. */
const actionFields = {
  entity: 'entity',
  entityuuid: 'entityuuid',
  status: 'status',
  description: 'description',
};
const fields: Readonly<Record<Category, typeof actionFields>> = {
  ActionEvent: actionFields,
  AlertEvent: { ...actionFields, description: 'subject' },
  UsageEvent: { ...actionFields, entity: 'resource', entityuuid: 'id' },
  ResourceStateEvent: {
    ...actionFields,
    entity: 'resource',
    entityuuid: 'id',
    status: 'new-state',
  },
  AsyncJobEvent: { ...actionFields, entity: 'instanceType', entityuuid: 'instanceUuid' },
};
/** Keys that are not repeated among the details; `details` is contrail's word for the description. */
const otherKeys = [
  'account',
  'user',
  'project',
  'eventDateTime',
  'details',
  'cmdInfo',
  'jobResult',
];
const eventKeys = ['event', 'commandEventType'];
const keysTold: Readonly<Record<Category, ReadonlySet<string>>> = {
  ActionEvent: told('ActionEvent'),
  AlertEvent: told('AlertEvent'),
  UsageEvent: told('UsageEvent'),
  ResourceStateEvent: told('ResourceStateEvent'),
  AsyncJobEvent: told('AsyncJobEvent'),
};

function told(category: Category): ReadonlySet<string> {
  return new Set([...Object.values(fields[category]), ...otherKeys, ...eventKeys]);
}

/** Built by assignment: this runs for every message, and a spread for each fact that may be absent costs more. */
function envelopeOf(
  category: Category,
  body: JsonObject,
  { route, scrubber }: { route: RoutingKey | undefined; scrubber: Scrubber },
): Envelope {
  const at = fields[category];
  const draft: EnvelopeDraft = { category, event: eventOf(category, body, route) };
  const entity = shortType(name(body, at.entity) ?? route?.resource);
  if (entity !== undefined) draft.entity = entity;
  const uuid = name(body, at.entityuuid) ?? route?.resourceUuid;
  if (uuid !== undefined) draft.entityuuid = uuid;
  const account = name(body, 'account');
  if (account !== undefined) draft.account = account;
  const user = name(body, 'user');
  if (user !== undefined) draft.user = user;
  const project = name(body, 'project');
  if (project !== undefined) draft.project = project;
  const status = name(body, at.status) ?? name(body, 'status');
  if (status !== undefined) draft.status = status;
  const description = prose(body[at.description]) ?? prose(body['details']);
  if (description !== undefined) draft.description = description;
  const time = prose(body['eventDateTime']);
  const instant = time === undefined ? undefined : toRfc3339(time);
  if (instant !== undefined) draft.eventDateTime = instant;
  draft.source = route?.source ?? 'management-server';
  const details = detailsOf(body, keysTold[category], scrubber, draft.entityuuid);
  if (time !== undefined && instant === undefined) details['eventDateTime'] = time;
  if (category === 'AsyncJobEvent' && route?.type !== undefined) details['phase'] = route.type;
  for (const _ in details) {
    draft.details = details;
    break;
  }
  return draft;
}

function eventOf(category: Category, body: JsonObject, route: RoutingKey | undefined): string {
  if (category === 'ResourceStateEvent') return route?.type ?? category;
  if (category === 'AsyncJobEvent') return name(body, 'commandEventType') ?? category;
  const event = name(body, 'event');
  if (event !== undefined) return event;
  throw new MalformedMessageError(
    'there is no "event" in the body; expected the event type as text',
  );
}

/** @throws {MalformedMessageError} when the text is longer than any of CloudStack's ids and names. */
function name(body: JsonObject, key: string): string | undefined {
  const value = body[key];
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.length <= nameLengthMax) return storable(value);
  throw new MalformedMessageError(
    `"${key}" has ${value.length} characters; expected at most ${nameLengthMax}`,
  );
}

function prose(value: unknown): string | undefined {
  return typeof value === 'string' && value !== ''
    ? cut(storable(value), descriptionLengthMax)
    : undefined;
}

/** `com.cloud.vm.VirtualMachine`, and `com-cloud-vm-VirtualMachine` in a routing key, are `VirtualMachine`. */
function shortType(type: string | undefined): string | undefined {
  if (type === undefined || type === 'unknown') return undefined;
  const short = type.slice(Math.max(type.lastIndexOf('.'), type.lastIndexOf('-')) + 1);
  return short === '' ? type : short;
}

/**
 * Collects every other plain value, such as the uuid of each further resource that an action touched, under its class's
 * name.
 */
function detailsOf(
  body: JsonObject,
  skipped: ReadonlySet<string>,
  { isSecretKey }: Scrubber,
  entityuuid?: string,
) {
  const details: Record<string, unknown> = {};
  let count = 0;
  for (const key of Object.keys(body)) {
    if (skipped.has(key) || key.length > nameLengthMax || count === detailCountMax) continue;
    const value = body[key];
    const plain = typeof value === 'number' || typeof value === 'boolean' ? value : prose(value);
    if (plain === undefined || plain === entityuuid || isSecretKey(key)) continue;
    details[storable(key)] = plain;
    count += 1;
  }
  return details;
}
