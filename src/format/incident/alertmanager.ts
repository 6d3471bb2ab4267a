/**
 * Alerts for Prometheus Alertmanager's API v2: firing by what failed or warns, ended by what ends it well. What opens an
 * alert and what ends it have the same labels, for these alone tell alerts apart.
 *
 * Alertmanager ends what nobody repeats after `resolve_timeout`. An event is told once, so its alert says itself how long
 * it lasts unless it is ended before.
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
  description: "Prometheus Alertmanager's API v2: alerts that fire and end.",
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
