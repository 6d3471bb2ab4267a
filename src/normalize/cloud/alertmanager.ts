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
import { nameLengthMax } from '../../event/envelope.ts';
import { MalformedMessageError } from '../../event/errors.ts';
import { textAt } from '../value/at.ts';
import { decodeItems } from '../decode-items.ts';
import { limited } from '../facts.ts';
import type { Facts } from '../facts.ts';
import { isObject, parseObject } from '../value/json.ts';
import { cut } from '../value/text.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Decoder, NormalizerOptions } from '../normalizer.ts';

/** The event type of an alert without `alertname`. */
const unnamed = 'alert';

export function createAlertmanagerNormalizer(options: NormalizerOptions): Decoder {
  const make = createEventMaker(options);
  return message => {
    const body = options.scrubber.object(parseObject(message.body).value);
    const { alerts, receiver, externalURL } = body;
    if (!Array.isArray(alerts)) {
      throw new MalformedMessageError('there is no "alerts" in the body; expected a list');
    }
    const group = { receiver: shortTextOf(receiver), externalURL: shortTextOf(externalURL) };
    return decodeItems<unknown>(limited(alerts), {
      read(alert) {
        if (isObject(alert)) return [make(factsOf(alert, group), alert, message)];
        throw new MalformedMessageError('the alert is no JSON object; expected one');
      },
      alone: alert => ({ ...group, alerts: [alert] }),
    });
  };
}

interface Group {
  readonly receiver: string | undefined;
  readonly externalURL: string | undefined;
}

/** Maximum length of what the group says: it is repeated with each of its alerts. */
const groupTextMax = 1_000;

const shortTextOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? cut(value, groupTextMax) : undefined;

function factsOf(alert: JsonObject, { receiver, externalURL }: Group): Facts {
  const { status, fingerprint, startsAt, endsAt, labels, annotations } = alert;
  if (status !== 'firing' && status !== 'resolved') {
    throw new MalformedMessageError(
      'the "status" of the alert is neither firing nor resolved; expected one of them',
    );
  }
  // Alertmanager asks for one label of any name, and a name may be as long as its sender likes.
  const event = cut(textAt(alert, 'labels.alertname') ?? unnamed, nameLengthMax);
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
