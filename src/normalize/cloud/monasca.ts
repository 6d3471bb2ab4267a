/**
 * Monasca's alarms: from Kafka's topics `alarm-state-transitions` and `events`, and as its webhook method posts them.
 *
 *     {"alarm-transitioned":{"tenantId":"62f7…","alarmId":"20a5…","alarmName":"cpu","oldState":"OK","newState":"ALARM",
 *      "actionsEnabled":true,"stateChangeReason":"Thresholds were …","severity":"LOW","timestamp":1556703552123, …}}
 *
 * Transitions of one alarm may arrive in any order, because their key on Kafka is a counter: `eventDateTime` and
 * `details.old_state` tell it.
 *
 * Source: openstack/monasca-thresh AlarmThresholdingBolt, openstack/monasca-common AlarmStateTransitionedEvent,
 * openstack/monasca-api alarming.py, openstack/monasca-notification webhook_notifier.py and alarm_processor.py.
 */
import { MalformedMessageError } from '../../event/errors.ts';
import type { Facts } from '../facts.ts';
import { isObject, parseObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Decoder, NormalizerOptions } from '../normalizer.ts';

const transition = 'alarm-transitioned';
const lifeCycle = /^(alarm|alarm-definition)-(?:created|updated|deleted)$/;

/**
 * Drops what Monasca's own notification engine drops: transitions of alarms whose actions are off, and those older
 * than `alarmTtlMs`.
 */
export function createMonascaNormalizer(options: NormalizerOptions): Decoder {
  const make = createEventMaker(options);
  const { scrubber, alarmTtlMs, now } = options;
  return message => {
    const body = scrubber.object(parseObject(message.body).value);
    const [root = '', ...others] = Object.keys(body);
    const value = body[root];
    if (others.length === 0 && isObject(value)) {
      if (root === transition) {
        const alarm = transitionOf(value);
        const isStale = alarmTtlMs > 0 && now() - alarm.timestampMs > alarmTtlMs;
        return !alarm.isEnabled || isStale ? [] : [make(transitionFacts(value), value, message)];
      }
      const [, kind] = lifeCycle.exec(root) ?? [];
      if (kind !== undefined) return [make(lifeCycleFacts(root, kind, value), value, message)];
    }
    if (isWebhook(body)) return [make(webhookFacts(body), body, message)];
    throw new MalformedMessageError(
      `the body is no Monasca event; expected one object under "${transition}", "alarm-created" or the like, or ` +
        'the ten keys of its webhook, "alarm_id" and "state" among them',
    );
  };
}

/** Reads a transition. @throws {MalformedMessageError} when it lacks something that Monasca's own engine requires. */
function transitionOf(alarm: JsonObject): { isEnabled: boolean; timestampMs: number } {
  const { timestamp, actionsEnabled } = alarm;
  const isText = (key: string): boolean => typeof alarm[key] === 'string' && alarm[key] !== '';
  if (
    typeof timestamp === 'number' &&
    typeof actionsEnabled === 'boolean' &&
    ['tenantId', 'alarmId', 'newState'].every(isText)
  ) {
    return { isEnabled: actionsEnabled, timestampMs: timestamp };
  }
  throw new MalformedMessageError(
    `"${transition}" lacks a fact; expected the texts "tenantId", "alarmId" and "newState", the number ` +
      '"timestamp" and the boolean "actionsEnabled"',
  );
}

function transitionFacts(alarm: JsonObject): Facts {
  return {
    event: transition,
    entity: 'Alarm',
    entityuuid: alarm['alarmId'],
    account: alarm['tenantId'],
    project: alarm['tenantId'],
    status: alarm['newState'],
    eventDateTime: alarm['timestamp'],
    description: alarm['stateChangeReason'],
    source: 'monasca',
    details: {
      severity: alarm['severity'],
      old_state: alarm['oldState'],
      alarm_name: alarm['alarmName'],
      alarm_description: alarm['alarmDescription'],
      alarm_definition_id: alarm['alarmDefinitionId'],
      metrics: alarm['metrics'],
      link: alarm['link'],
      lifecycle_state: alarm['lifecycleState'],
    },
    key: [alarm['alarmId'], alarm['timestamp'], alarm['newState']].join(':'),
  };
}

/**
 * Reads the creation, change or deletion of an alarm, whose fields are those of a transition, as far as they are there.
 */
function lifeCycleFacts(root: string, kind: string, alarm: JsonObject): Facts {
  const isAlarm = kind === 'alarm';
  return {
    event: root,
    entity: isAlarm ? 'Alarm' : 'AlarmDefinition',
    entityuuid: isAlarm ? alarm['alarmId'] : alarm['alarmDefinitionId'],
    account: alarm['tenantId'],
    project: alarm['tenantId'],
    status: 'Completed',
    source: 'monasca',
    details: {
      alarm_name: alarm['alarmName'],
      alarm_definition_id: isAlarm ? alarm['alarmDefinitionId'] : undefined,
    },
  };
}

function isWebhook({ alarm_id: id, state }: JsonObject): boolean {
  return typeof id === 'string' && id !== '' && typeof state === 'string';
}

/** Reads what Monasca's webhook method posts; it counts in seconds, where Kafka has milliseconds. */
function webhookFacts(body: JsonObject): Facts {
  const { alarm_id: alarmId, alarm_timestamp: seconds, state, tenant_id: tenantId } = body;
  return {
    event: transition,
    entity: 'Alarm',
    entityuuid: alarmId,
    account: tenantId,
    project: tenantId,
    status: state,
    eventDateTime: typeof seconds === 'number' ? seconds * 1_000 : seconds,
    description: body['message'],
    source: 'monasca',
    details: {
      old_state: body['old_state'],
      alarm_name: body['alarm_name'],
      alarm_description: body['alarm_description'],
      alarm_definition_id: body['alarm_definition_id'],
      metrics: body['metrics'],
    },
    key: seconds === undefined ? undefined : [alarmId, seconds, state].join(':'),
  };
}
