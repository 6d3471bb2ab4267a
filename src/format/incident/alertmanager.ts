/**
 * Alerts for Prometheus Alertmanager's API v2: firing when something failed or warns, resolved when that ends well. The
 * event that fires an alert and the one that resolves it have the same labels, for these alone tell alerts apart: who acted, by which
 * domain, and how severe the present state is, may differ, so it is in the annotations.
 *
 * Alertmanager resolves alerts that are not repeated after `resolve_timeout`. An event is sent once, so its alert
 * states itself how long it lasts unless it is resolved before.
 *
 * Source: prometheus.io/docs/alerting/latest/alerts_api.
 */
import type { Format, FormatEvent } from '../format.ts';
import { severityOf } from '../../event/severity.ts';
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
    if (event.envelope.source === 'alertmanager') return renderNothing(event, itsOwn);
    const incident = incidentOf(event);
    if (incident.step === 'none') return renderNothing(event, nothingWrong);
    const alert = {
      labels: { ...labelsOf(event), ...labels },
      annotations: annotationsOf(event),
      ...spanOf(event, incident),
    };
    return renderValue(event.id, [alert]);
  },
};

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Sent to the Alertmanager that told of it, an alert would be notified of anew, under another name each time. */
const itsOwn = 'it came from an Alertmanager, which knows it';

/** Facts of the incident, not of one event of it. Its severity is the one it has while it lasts, whatever its state is called. */
function labelsOf({ id, envelope }: FormatEvent): Record<string, string> {
  const { entity, entityuuid = id, account } = envelope;
  const severity = severityOf({ ...envelope, status: 'Failed' });
  return told({ alertname: actionOf(envelope).name, severity, entity, entityuuid, account });
}

function annotationsOf(event: FormatEvent): Record<string, string> {
  const { title, text, severity } = wordsOf(event);
  const { status, project, domain, user, source } = event.envelope;
  const facts = { status, severity, project, domain, user, source };
  return told({ summary: title, description: text, ...facts, eventId: event.id });
}

function told(facts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function spanOf(event: FormatEvent, { step }: Incident): object {
  const at = timeOfEvent(event);
  if (step === 'close') return { endsAt: at };
  return { startsAt: at, endsAt: new Date(Date.parse(at) + lastsMs).toISOString() };
}
