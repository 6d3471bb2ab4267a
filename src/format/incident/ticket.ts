/**
 * A ticket when something failed or warns, and nothing otherwise: people close tickets.
 *
 * Source: ServiceNow, Table API (`POST /api/now/table/incident`); Atlassian, Jira REST API v2 (`POST
 * /rest/api/2/issue`, summary 255 characters, wiki markup in descriptions). Both want `Authorization`, as one of the
 * webhook's own headers.
 */
import type { Severity } from '../../event/severity.ts';
import { fit } from '../cut.ts';
import type { Format, FormatEvent } from '../format.ts';
import { incidentOf, nothingWrong } from './incident.ts';
import { addedFields, renderJson, renderNothing } from '../json.ts';
import { wordsOf } from '../words.ts';

const shortMax = 160;
const summaryMax = 255;
const textMax = 4_000;

/** @example body {"short_description":"VM.START failed","description":"…","urgency":"2","impact":"2","correlation_id":"hookline-6f1c…"} */
export const servicenow: Format = {
  name: 'servicenow',
  description: "An incident in ServiceNow's table `incident` when something failed or warns.",
  takes: { body: addedFields },
  render(event, options) {
    const { key, step, severity } = incidentOf(event);
    if (step !== 'open') return renderNothing(event, nothingWrong);
    const incident = {
      short_description: fit(wordsOf(event).title, shortMax),
      description: longText(event),
      urgency: urgencies[severity],
      impact: urgencies[severity],
      correlation_id: key,
      correlation_display: 'Hookline',
    };
    return renderJson(event, incident, options);
  },
};

/** @example body {"fields":{"summary":"VM.START failed","description":"{noformat}…{noformat}","labels":["hookline","error"],"project":{"key":"OPS"}}} */
export const jira: Format = {
  name: 'jira',
  description: 'An issue in Jira when something failed or warns.',
  takes: {
    body: 'fields of the issue, such as {"project":{"key":"OPS"},"issuetype":{"name":"Bug"}}',
  },
  needs: ['body'],
  render(event, { body }) {
    const { step, severity } = incidentOf(event);
    if (step !== 'open') return renderNothing(event, nothingWrong);
    const fields = {
      summary: fit(wordsOf(event).title, summaryMax),
      description: `{noformat}\n${longText(event).replaceAll('{noformat}', '{ noformat }')}\n{noformat}`,
      labels: ['hookline', severity],
      ...body,
    };
    return renderJson(event, { fields });
  },
};

function longText(event: FormatEvent): string {
  const { text = '', facts } = wordsOf(event);
  const lines = [...facts, ['Event', event.id]].map(([name, value]) => `${name}: ${value}`);
  return [fit(text, textMax), '', ...lines].join('\n').trim();
}

/** Urgencies by severity; 1 is the most urgent. */
const urgencies: Readonly<Record<Severity, string>> = {
  critical: '1',
  error: '2',
  warning: '3',
  info: '3',
};
