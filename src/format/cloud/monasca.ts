/**
 * The request of Monasca's webhook method, exactly ten keys, so that receivers written for it need no change.
 *
 * An event of another cloud is sent as an alarm about its entity: ALARM when it failed or warns, otherwise OK.
 *
 * Source: openstack/monasca-notification, plugins/webhook_notifier.py. Its `X-Auth-Token`, a service token of Keystone
 * for whoever chose the URL, is deliberately not sent.
 */
import { severityOf } from '../../event/severity.ts';
import type { Envelope } from '../../event/envelope.ts';
import type { Format, FormatEvent } from '../format.ts';
import { renderJson } from '../json.ts';
import { timeOfEvent, titleOf } from '../words.ts';

/** @example body {"alarm_id":"20a5…","alarm_definition_id":"78ce…", …, "alarm_timestamp":1556703552,"state":"ALARM", …} */
export const monasca: Format = {
  name: 'monasca',
  description: "The ten keys of Monasca's webhook notifications, time in seconds.",
  takes: {},
  render: event => renderJson(event, tenKeysOf(event)),
};

function tenKeysOf(event: FormatEvent): Readonly<Record<string, unknown>> {
  const { id, envelope } = event;
  const { details = {}, entityuuid, account = '', description = '' } = envelope;
  const isAlarm = envelope.source === 'monasca';
  return {
    alarm_id: entityuuid ?? id,
    alarm_definition_id: details['alarm_definition_id'] ?? '',
    alarm_name: details['alarm_name'] ?? envelope.event,
    alarm_description: details['alarm_description'] ?? (isAlarm ? '' : titleOf(envelope)),
    alarm_timestamp: Math.floor(Date.parse(timeOfEvent(event)) / 1_000),
    state: isAlarm ? (envelope.status ?? 'UNDETERMINED') : stateOf(envelope),
    old_state: details['old_state'] ?? 'UNDETERMINED',
    message: description,
    tenant_id: account,
    metrics: Array.isArray(details['metrics']) ? details['metrics'] : [],
  };
}

function stateOf(envelope: Envelope): 'OK' | 'ALARM' {
  return severityOf(envelope) === 'info' ? 'OK' : 'ALARM';
}
