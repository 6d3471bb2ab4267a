/**
 * Opsgenie's Alert API (also Jira Service Management's): an alert is created when something failed or warns, and closed
 * when that ends well, under one alias. The payload URL is that of the alerts, `https://api.opsgenie.com/v2/alerts`;
 * the webhook's secret is the integration's API key.
 *
 * Source: docs.opsgenie.com/docs/alert-api (message 130 characters, alias 512, description 15000, details 8000 in all).
 * It reads HTML in messages: `<` and `>` become other characters.
 */
import type { Severity } from '../../event/severity.ts';
import { refuseCredential } from '../credential.ts';
import { fit } from '../cut.ts';
import type { Format, FormatEvent, Rendered } from '../format.ts';
import { incidentOf, nothingWrong } from './incident.ts';
import { addedFields, renderJson, renderNothing } from '../json.ts';
import { entityOf, wordsOf } from '../words.ts';

const messageMax = 130;
const descriptionMax = 15_000;
const entityMax = 512;
const detailMax = 500;

/** @example body {"message":"VM.START failed","alias":"hookline-6f1c…","priority":"P2","description":"…","details":{…}} */
export const opsgenie: Format = {
  name: 'opsgenie',
  description: "Opsgenie's Alert API: creates and closes alerts.",
  takes: { secretKey: "the integration's API key, sent as GenieKey", body: addedFields },
  needs: ['secretKey'],
  refuse: refuseCredential,
  render(event, options) {
    const { key, step, severity } = incidentOf(event);
    if (step === 'none') return renderNothing(event, nothingWrong);
    const { title } = wordsOf(event);
    const said =
      step === 'close'
        ? { ...renderJson(event, { source: 'Hookline', note: title }), subPath: closeOf(key) }
        : renderJson(event, alertOf(event, key, severity), options);
    return authorized(said, options.secretKey);
  },
};

const closeOf = (alias: string): string => `${alias}/close?identifierType=alias`;

function authorized(rendered: Rendered, secretKey = ''): Rendered {
  return { ...rendered, headers: [...rendered.headers, 'Authorization', `GenieKey ${secretKey}`] };
}

function alertOf(event: FormatEvent, key: string, severity: Severity): Record<string, unknown> {
  const { id, envelope } = event;
  const { title, text, facts } = wordsOf(event);
  const entity = entityOf(envelope);
  return {
    message: fit(title, messageMax, withoutTags),
    alias: key,
    priority: priorities[severity],
    ...(text !== undefined && { description: fit(text, descriptionMax, withoutTags) }),
    ...(entity !== undefined && { entity: fit(entity, entityMax, withoutTags) }),
    source: 'Hookline',
    tags: [severity],
    details: Object.fromEntries([
      ['event', fit(envelope.event, detailMax, withoutTags)],
      ['eventId', id],
      ...facts.map(([name, value]) => [name, fit(value, detailMax, withoutTags)] as const),
    ]),
  };
}

const priorities: Readonly<Record<Severity, string>> = {
  critical: 'P1',
  error: 'P2',
  warning: 'P3',
  info: 'P5',
};

const brackets: Readonly<Record<string, string>> = { '<': '‹', '>': '›' };

function withoutTags(character: string): string {
  return brackets[character] ?? character;
}
