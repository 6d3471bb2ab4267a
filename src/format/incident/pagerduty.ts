/**
 * PagerDuty's Events API v2: an incident is triggered when something failed or warns, and resolved when that ends well,
 * under one `dedup_key`. The webhook's secret is the integration's routing key, which has to be in the body.
 *
 * Source: PagerDuty/developer-docs, events-API-v2 (summary 1024 characters, dedup_key 255).
 */
import { fit } from '../cut.ts';
import type { Format } from '../format.ts';
import { incidentOf, nothingWrong } from './incident.ts';
import { addedFields, renderJson, renderNothing } from '../json.ts';
import { refuseCredential } from '../credential.ts';
import { entityOf, wordsOf } from '../words.ts';

const summaryMax = 1_024;
const sourceMax = 255;

/** @example body {"routing_key":"…","event_action":"trigger","dedup_key":"hookline-6f1c…","payload":{"summary":"VM.START failed", …}} */
export const pagerduty: Format = {
  name: 'pagerduty',
  description: 'PagerDuty Events API v2: triggers and resolves incidents.',
  takes: { secretKey: "the integration's routing key, sent in the body", body: addedFields },
  needs: ['secretKey'],
  refuse: refuseCredential,
  render(event, options) {
    const { key, step, severity } = incidentOf(event);
    if (step === 'none') return renderNothing(event, nothingWrong);
    const action = {
      routing_key: options.secretKey,
      event_action: step === 'close' ? 'resolve' : 'trigger',
      dedup_key: key,
    };
    if (step === 'close') return renderJson(event, action, options);
    const { id, envelope } = event;
    const { title, text, time } = wordsOf(event);
    const payload = {
      summary: fit(text === undefined ? title : `${title}: ${text}`, summaryMax),
      source: fit(entityOf(envelope) ?? envelope.source ?? 'hookline', sourceMax),
      severity,
      timestamp: time,
      component: envelope.entity,
      group: envelope.account,
      class: envelope.event,
      custom_details: { id, ...envelope },
    };
    return renderJson(event, { ...action, payload, client: 'Hookline' }, options);
  },
};
