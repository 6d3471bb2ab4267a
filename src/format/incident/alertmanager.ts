/**
 * Alerts for Prometheus Alertmanager's API v2: firing when something failed or warns, resolved when that ends well. The
 * event that fires an alert and the one that resolves it have the same labels, for these alone tell alerts apart.
 *
 * Alertmanager resolves alerts that are not repeated after `resolve_timeout`. An event is sent once, so its alert
 * states itself how long it lasts unless it is resolved before.
 *
 * Source: prometheus.io/docs/alerting/latest/alerts_api.
 */
import type { Format, FormatEvent } from '../format.ts';
import { incidentOf, nothingWrong, type Incident } from './incident.ts';
import { renderNothing, renderValue } from '../json.ts';
import { actionOf } from '../action.ts';
import { timeOfEvent, wordsOf } from '../words.ts';

const lastsMs = 24 * 60 * 60 * 1_000;

/** @example body [{"labels":{"alertname":"VM.START","severity":"error","entityuuid":"b4e2…"},"annotations":{…},"startsAt":"…"}] */
export const alertmanager: Format = {
  name: 'alertmanager',
  description: "Prometheus Alertmanager's API v2: fires and resolves alerts.",
  takes: { body: 'labels added to every alert, as texts' },
  refuse: ({ body = {} }) =>
    Object.entries(body).every(([name, value]) => LABEL.test(name) && typeof value === 'string')
      ? undefined
      : 'body has labels, whose values are texts: {"team":"cloud"}',
  render(event, { body: labels = {} }) {
    const incident = incidentOf(event);
    if (incident.step === 'none') return renderNothing(event, nothingWrong);
    const alert = {
      labels: { ...labelsOf(event, incident), ...labels },
      annotations: annotationsOf(event),
      ...spanOf(event, incident),
    };
    return renderValue(event.id, [alert]);
  },
};

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function labelsOf({ id, envelope }: FormatEvent, { severity }: Incident): Record<string, string> {
  const { entity, entityuuid, account, project, domain, source } = envelope;
  const told = { entity, entityuuid: entityuuid ?? id, account, project, domain, source };
  const labels = { alertname: actionOf(envelope).name, severity, ...told };
  return Object.fromEntries(
    Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function annotationsOf(event: FormatEvent): Record<string, string> {
  const { title, text } = wordsOf(event);
  return { summary: title, ...(text !== undefined && { description: text }), eventId: event.id };
}

function spanOf(event: FormatEvent, { step }: Incident): object {
  const at = timeOfEvent(event);
  if (step === 'close') return { endsAt: at };
  return { startsAt: at, endsAt: new Date(Date.parse(at) + lastsMs).toISOString() };
}
