/**
 * Cloudpods' notifications, as its robots of the type webhook post them.
 *
 *     X-Yunion-Event: SERVER/CREATE
 *     {"resource_type":"server","action":"create","result":"succeed","resource_details":{"id":"5f0a…","name":"web-1",
 *      "tenant_id":"1e38…","domain_id":"default", …},"Msg":"{\"action\":\"create\", … }"}
 *
 * `Msg` (or what `msg_key` says) is the whole once more. With a template the body is text, and only the header tells what
 * happened. There is no time and no id. What a robot is tried with when it is saved is no event.
 *
 * Source: yunionio/cloudpods, pkg/notify/sender/webhook.go, pkg/notify/models/notification.go and robot.go.
 */
import { isUtf8 } from 'node:buffer';

import { MalformedMessageError } from '../../event/errors.ts';
import type { Message } from '../../event/message.ts';
import { at, textAt } from '../value/at.ts';
import type { Facts } from '../facts.ts';
import { headerOf } from '../value/header.ts';
import { parseObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Decoder, NormalizerOptions } from '../normalizer.ts';

const eventHeader = 'x-yunion-event';
const trial = 'VALIDATE';
const trialTexts: readonly unknown[] = [
  'This is a validate message.',
  'This is a verification message, please ignore.',
];

export function createCloudpodsNormalizer(options: NormalizerOptions): Decoder {
  const make = createEventMaker(options);
  const { scrubber } = options;
  return message => {
    const header = headerOf(message, eventHeader) || undefined;
    if (header === trial) return [];
    if (header !== undefined && !looksLikeJson(message.body)) {
      const text = scrubber.text(readText(message));
      return [make(templatedFacts(header, text), { text }, message)];
    }
    const body = scrubber.object(parseObject(message.body).value);
    const isAbout = textAt(body, 'resource_type') !== undefined;
    if (!isAbout && Object.values(body).some(value => trialTexts.includes(value))) return [];
    return [make(factsOf(body, header), body, message)];
  };
}

function looksLikeJson(body: Uint8Array | null): boolean {
  return (
    body === null ||
    body.length === 0 ||
    /^\s*\{/.test(Buffer.from(body.subarray(0, 64)).toString())
  );
}

function readText({ body }: Message): string {
  if (body !== null && isUtf8(body)) return Buffer.from(body).toString();
  throw new MalformedMessageError('the body is neither JSON nor UTF-8; expected one of them');
}

function templatedFacts(event: string, text: string): Facts {
  const [entity, , result] = event.split('/');
  return {
    event,
    entity: entity?.toLowerCase(),
    status: result === 'FAILED' ? 'Failed' : 'Completed',
    description: text,
    source: 'cloudpods',
  };
}

function factsOf(body: JsonObject, header: string | undefined): Facts {
  const entity = textAt(body, 'resource_type');
  const action = textAt(body, 'action');
  const isFailed = body['result'] === 'failed';
  const event = header ?? nameOf(entity, action, isFailed);
  if (event === undefined) {
    throw new MalformedMessageError(
      'there is no header "X-Yunion-Event", and no "resource_type" and "action" in the body; expected either',
    );
  }
  const about = body['resource_details'];
  return {
    event,
    entity: entity ?? event.split('/')[0]?.toLowerCase(),
    entityuuid: at(about, 'id'),
    account: at(about, 'tenant_id'),
    project: at(about, 'tenant_id'),
    domain: textAt(about, 'domain_id') ?? at(about, 'project_domain'),
    provenDomain: at(about, 'domain_id'),
    status: isFailed || event.endsWith('/FAILED') ? 'Failed' : 'Completed',
    description: action,
    source: 'cloudpods',
    details: {
      name: textAt(about, 'name'),
      tenant: textAt(about, 'tenant'),
      status: textAt(about, 'status'),
      old_status: textAt(about, 'old_status'),
      new_status: textAt(about, 'new_status'),
      brand: textAt(about, 'brand'),
      hypervisor: textAt(about, 'hypervisor'),
    },
  };
}

/** Builds the event's name as Cloudpods itself builds the header. */
function nameOf(entity?: string, action?: string, isFailed?: boolean): string | undefined {
  if (entity === undefined || action === undefined) return undefined;
  return `${entity}/${action}${isFailed === true ? '/failed' : ''}`.toUpperCase();
}
