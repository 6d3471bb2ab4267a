/**
 * CloudStack's messages as its management server publishes them, one function for each category.
 *
 * The properties are given in the order CloudStack puts them into its maps, which decides between two of one bucket.
 *
 * Source: apache/cloudstack, `ActionEventUtils.publishOnEventBus`, `AlertManagerImpl`, `UsageEventUtils`,
 * `UserVmStateListener` and its like, `ApiServer` (async jobs), `RabbitMQEventBus.createRoutingKey`,
 * `KafkaEventBus.publish`.
 */
import type { Category } from '../../src/event/envelope.ts';
import { type JavaMap, writeBody } from './cloudstack-body.ts';

/** What either bus carries. */
export interface CloudMessage {
  readonly category: Category;
  /** RabbitMQ's. */
  readonly routingKey: string;
  /** Kafka's: the resource's UUID. */
  readonly key: string | null;
  readonly body: string;
  /** Whose event it is, as the body says; absent where CloudStack does not say. */
  readonly account?: string;
}

export interface ActionFacts {
  readonly at: Date;
  readonly event: string;
  readonly status: 'Created' | 'Scheduled' | 'Started' | 'Completed';
  readonly description: string;
  readonly user: string;
  readonly account: string;
  /** Class and UUID of what it happened to, such as `VirtualMachine`. */
  readonly entity?: Resource;
  /** Others that took part. */
  readonly touched?: readonly Resource[];
}

export interface Resource {
  readonly kind: string;
  readonly uuid: string;
}

export function actionMessage(facts: ActionFacts): CloudMessage {
  const { at, event, status, description, user, account, entity, touched = [] } = facts;
  const body = {
    user,
    account,
    event,
    status,
    entity: entity?.kind,
    entityuuid: entity?.uuid,
    description,
    eventDateTime: dateTime(at),
    ...Object.fromEntries([...(entity ? [entity] : []), ...touched].map(r => [r.kind, r.uuid])),
  };
  return message({ category: 'ActionEvent', type: event, resource: entity, body, account });
}

/** The alert's type is an event type of its own: `ALERT.MEMORY`. */
export function alertMessage(facts: {
  readonly at: Date;
  readonly event: string;
  readonly subject: string;
  readonly text: string;
  readonly zone?: string;
  readonly pod?: string;
}): CloudMessage {
  const { at, event, subject, text, zone, pod } = facts;
  const body = {
    event,
    dataCenterId: zone,
    podId: pod,
    subject,
    body: text,
    eventDateTime: dateTime(at),
  };
  return message({ category: 'AlertEvent', type: event, body });
}

/** `resource.kind` is the full name of the class: `com.cloud.vm.VirtualMachine`. */
export function usageMessage(facts: {
  readonly at: Date;
  readonly event: string;
  readonly account: string;
  readonly zone: string;
  readonly resource: Resource;
}): CloudMessage {
  const { at, event, account, zone, resource } = facts;
  const body = {
    account,
    zone,
    event,
    resource: resource.kind,
    id: resource.uuid,
    eventDateTime: dateTime(at),
  };
  return message({ category: 'UsageEvent', type: event, resource, body, account });
}

/** `trigger` is the state machine's event, `StartRequested`. Only virtual machines say `pre` and `post` in the body. */
export function stateMessage(facts: {
  readonly at: Date;
  readonly trigger: string;
  readonly resource: Resource;
  readonly from: string;
  readonly to: string;
  readonly when: 'pre' | 'post';
}): CloudMessage {
  const { at, trigger, resource, from, to, when } = facts;
  const body = {
    resource: resource.kind,
    id: resource.uuid,
    'old-state': from,
    'new-state': to,
    eventDateTime: dateTime(at),
    status: resource.kind === 'VirtualMachine' ? `${when}StateTransitionEvent` : undefined,
  };
  return message({ category: 'ResourceStateEvent', type: trigger, resource, body });
}

export function jobMessage(facts: {
  readonly step: 'submit' | 'complete';
  readonly failed: boolean;
  readonly jobId: string;
  readonly command: string;
  readonly event: string;
  readonly user: string;
  readonly account: string;
  readonly resource: Resource;
}): CloudMessage {
  const { step, failed, jobId, command, event, user, account, resource } = facts;
  const ended = step === 'complete';
  const outcome = failed ? 'FAILED' : 'SUCCEEDED';
  const body: JavaMap = {
    command,
    user,
    account,
    processStatus: '0',
    resultCode: ended && failed ? '530' : '0',
    instanceUuid: resource.uuid,
    instanceType: resource.kind,
    commandEventType: event,
    jobId,
    jobResult: ended ? {} : undefined,
    cmdInfo: requestOf(resource, event),
    status: ended ? outcome : 'IN_PROGRESS',
  };
  return message({ category: 'AsyncJobEvent', type: step, resource, body, account });
}

/** The API request with what CloudStack adds to it. */
function requestOf(resource: Resource, event: string): JavaMap {
  return {
    id: resource.uuid,
    response: 'json',
    ctxUserId: '2',
    httpmethod: 'GET',
    ctxStartEventId: '1203',
    ctxDetails: { [`interface com.cloud.vm.${resource.kind}`]: resource.uuid },
    ctxAccountId: '2',
    uuid: resource.uuid,
    cmdEventType: event,
  };
}

function message(parts: {
  category: Category;
  type: string;
  resource?: Resource | undefined;
  body: JavaMap;
  account?: string;
}): CloudMessage {
  const { category, type, resource, body, account } = parts;
  const words = ['management-server', category, type, resource?.kind, resource?.uuid];
  return {
    category,
    routingKey: words.map(routingWord).join('.'),
    key: resource?.uuid ?? null,
    body: writeBody(body),
    ...(account === undefined ? {} : { account }),
  };
}

function routingWord(word: string | undefined): string {
  return word === undefined || word === '' ? '*' : word.replaceAll('.', '-');
}

/** `2024-07-10 08:05:07 +0000`, as a management server writes it whose zone is UTC. */
function dateTime(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} +0000`;
}
