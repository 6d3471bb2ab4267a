/**
 * Bodies that start automation: the envelope with its severity and whether it failed, for conditions to be written on,
 * signed as both targets verify it. One object for Jenkins' Generic Webhook Trigger and for Ansible's event source
 * `webhook`.
 *
 * Source: jenkinsci/generic-webhook-trigger-plugin, HMACVerifier; ansible/event-driven-ansible, event source webhook
 * (`hmac_header` X-Hub-Signature-256, `hmac_format` hex, a leading `sha256=` is removed).
 */
import { hasFailed, severityOf } from '../../event/severity.ts';
import { actionOf } from '../action.ts';
import type { Format, FormatEvent, FormatOptions, Rendered } from '../format.ts';
import { addedFields, renderJson } from '../json.ts';

/** @example body {"id":"01a1fb67-…","event":"VM.START", …, "verb":"start","severity":"error","failed":true} */
export const jenkins: Format = {
  name: 'jenkins',
  description: "Jenkins' Generic Webhook Trigger: the envelope, signed in X-Hub-Signature-256.",
  takes: { body: addedFields },
  render,
};

/** @example body {"id":"01a1fb67-…","event":"VM.START", …, "verb":"start","severity":"error","failed":true} */
export const ansible: Format = {
  name: 'ansible',
  description:
    "Event-Driven Ansible's webhook source: the envelope, signed in X-Hub-Signature-256.",
  takes: { body: addedFields },
  render,
};

function render(event: FormatEvent, options: FormatOptions): Rendered {
  const { id, envelope } = event;
  const judged = {
    verb: actionOf(envelope).verb,
    severity: severityOf(envelope),
    failed: hasFailed(envelope),
  };
  const signature = { header: 'X-Hub-Signature-256', encoding: 'hex', prefix: 'sha256=' } as const;
  return { ...renderJson(event, { id, ...envelope, ...judged }, options), signature };
}
