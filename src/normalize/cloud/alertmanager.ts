/**
 * Prometheus Alertmanager's webhook: one event an alert, firing or resolved.
 *
 *     {"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"HostDown","severity":
 *      "critical","instance":"cmp-07"},"annotations":{"summary":"cmp-07 is down"},"startsAt":"2026-11-21T21:47:22.458Z",
 *      "endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://…","fingerprint":"1a30ba71cca2921f"}], …}
 *
 * An alert that goes on firing is told again and again under one key; its end has another. No label means the tenant
 * everywhere: where one does, a mapping says so (`account: /labels/project_id`).
 *
 * Source: prometheus.io/docs/alerting/latest/configuration, webhook_config; prometheus/alertmanager template.Alert.
 */
import { MalformedMessageError } from '../../event/errors.ts';
import { textAt } from '../value/at.ts';
import { limited } from '../facts.ts';
import type { Facts } from '../facts.ts';
import { isObject, parseObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Normalizer, NormalizerOptions } from '../normalizer.ts';

export function createAlertmanagerNormalizer(options: NormalizerOptions): Normalizer {
  const make = createEventMaker(options);
  return message => {
    const body = options.scrubber.object(parseObject(message.body).value);
    const { alerts } = body;
    if (!Array.isArray(alerts)) {
      throw new MalformedMessageError('there is no "alerts" in the body; expected a list');
    }
    return limited(alerts).map((alert, index) => {
      if (isObject(alert)) return make(factsOf(alert, index, body), alert, message);
      throw new MalformedMessageError(`alert ${index} is no JSON object; expected one`);
    });
  };
}

function factsOf(alert: JsonObject, index: number, { receiver, externalURL }: JsonObject): Facts {
  const event = textAt(alert, 'labels.alertname');
  const { status, fingerprint, startsAt, endsAt, labels, annotations } = alert;
  if (event === undefined || (status !== 'firing' && status !== 'resolved')) {
    throw new MalformedMessageError(
      `alert ${index} has no "labels.alertname", or a status that is neither firing nor resolved; expected both`,
    );
  }
  return {
    event,
    entity: 'Alert',
    entityuuid: fingerprint,
    status,
    eventDateTime: status === 'firing' ? startsAt : endsAt,
    description: textAt(alert, 'annotations.summary') ?? textAt(alert, 'annotations.description'),
    source: 'alertmanager',
    details: {
      severity: textAt(alert, 'labels.severity'),
      labels,
      annotations,
      startsAt,
      endsAt: status === 'resolved' ? endsAt : undefined,
      generatorURL: alert['generatorURL'],
      receiver,
      externalURL,
    },
    key:
      typeof fingerprint === 'string' && typeof startsAt === 'string'
        ? `${fingerprint}:${startsAt}:${status}`
        : undefined,
  };
}
