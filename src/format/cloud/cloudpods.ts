/**
 * The request that Cloudpods sends to a robot of the type webhook: the message as an object, the same once more as text
 * under `msg_key`, then the robot's own fields, which win over both; the event's name in a header, which the robot's
 * own headers may replace; the signature last.
 *
 * Cloudpods reports finished actions, never beginnings: for clouds that do, those are left out.
 *
 * Source: yunionio/cloudpods, pkg/notify/sender/webhook.go and pkg/notify/models/robot.go; the words of the validation
 * are those of its documentation, with the header that its present source leaves out.
 */
import { hasFailed } from '../../event/severity.ts';
import type { Envelope } from '../../event/envelope.ts';
import { isTest } from '../../event/event.ts';
import { actionOf } from '../action.ts';
import { headerValue, type Format, type FormatEvent, type FormatOptions } from '../format.ts';
import { isUnderWay } from '../incident/incident.ts';
import { addedFields, jsonHeaders, renderNothing, userAgent } from '../json.ts';
import type { Rendered } from '../format.ts';
import { wordsOf } from '../words.ts';

const takes = {
  body: addedFields,
  msgKey: 'the key under which the message is repeated as text; `Msg` when absent',
};
const defaultKey = 'Msg';
const signature = { header: 'X-Auth-Token', encoding: 'hex' } as const;
const skipped = 'Cloudpods tells of what is done, and this action is under way';

/** @example body {"action":"create","resource_details":{"id":"5f0a…"},"resource_type":"server","result":"succeed","Msg":"{…}"} */
export const cloudpods: Format = {
  name: 'cloudpods',
  description: "The notifications of Cloudpods' webhook robots, signed in X-Auth-Token.",
  takes,
  validation: 'post',
  render(event, options) {
    if (isTest(event.envelope)) return trialOf(event, options);
    if (isUnderWay(event.envelope)) return renderNothing(event, skipped);
    const { body, msgKey = defaultKey } = options;
    const message = messageOf(event);
    const said = { ...message, [msgKey]: JSON.stringify(message), ...body };
    return {
      eventId: event.id,
      body: Buffer.from(JSON.stringify(said)),
      headers: [...jsonHeaders, ...eventHeaders(event)],
      signature,
    };
  },
};

/** @example body VM.START failed\nError while starting VM …\nEntity: VirtualMachine b4e2…\n… */
export const cloudpodsText: Format = {
  name: 'cloudpods-text',
  description:
    "The same as text instead of JSON, as Cloudpods' robots with `use_template` send it.",
  takes: {},
  validation: 'post',
  render(event, options) {
    if (isTest(event.envelope)) return trialOf(event, options);
    if (isUnderWay(event.envelope)) return renderNothing(event, skipped);
    const { title, text, facts } = wordsOf(event);
    const lines = [title, text, ...facts.map(([name, value]) => `${name}: ${value}`)];
    return {
      eventId: event.id,
      body: Buffer.from(lines.filter(line => line !== undefined).join('\n')),
      headers: [...userAgent, 'Content-Type', 'text/plain; charset=utf-8', ...eventHeaders(event)],
      signature,
    };
  },
};

/** The request that Cloudpods tries a robot with when it is saved. */
function trialOf({ id }: FormatEvent, { body, msgKey = defaultKey }: FormatOptions): Rendered {
  const said = { [msgKey]: 'This is a validate message.', ...body };
  return {
    eventId: id,
    body: Buffer.from(JSON.stringify(said)),
    headers: [...jsonHeaders, 'X-Yunion-Event', 'VALIDATE'],
    signature,
  };
}

function eventHeaders({ id, envelope }: FormatEvent): readonly string[] {
  return ['X-Request-Id', id, 'X-Yunion-Event', headerValue(nameOf(envelope))];
}

/** Builds the event's name: `SERVER/CREATE`, `SERVER/START/FAILED`. */
function nameOf(envelope: Envelope): string {
  if (envelope.source === 'cloudpods') return envelope.event;
  const words = [typeOf(envelope), actionOf(envelope).verb, hasFailed(envelope) && 'failed'];
  return words
    .filter(word => word !== false)
    .join('/')
    .toUpperCase();
}

/** Builds the message, its keys sorted, as Cloudpods writes an object. */
function messageOf({ envelope }: FormatEvent): Readonly<Record<string, unknown>> {
  const { entityuuid, account, domain, details, source, description, event } = envelope;
  const ours = source === 'cloudpods';
  const about = {
    ...details,
    ...(domain !== undefined && { domain_id: domain }),
    ...(entityuuid !== undefined && { id: entityuuid }),
    ...(account !== undefined && { tenant_id: account }),
    ...(!ours && { event, ...(description !== undefined && { description }) }),
  };
  return {
    action: actionOf(envelope).verb,
    resource_details: Object.fromEntries(Object.entries(about).toSorted(byKey)),
    resource_type: typeOf(envelope),
    result: hasFailed(envelope) ? 'failed' : 'succeed',
  };
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

/** The kind of resource in Cloudpods' word, where it has one. */
function typeOf({ entity = 'resource' }: Envelope): string {
  const word = entity.toLowerCase();
  return types.get(word) ?? word;
}

const types: ReadonlyMap<string, string> = new Map([
  ['virtualmachine', 'server'],
  ['instance', 'server'],
  ['vm', 'server'],
  ['volume', 'disk'],
]);
