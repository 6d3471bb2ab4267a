/**
 * The request of Xen Orchestra's web-hooks plugin: `pre` before a call, `post` after it, both with the same `callId`.
 *
 * Another cloud's action that has begun is sent as `pre`, everything else as `post`. Its call has no id of its own: the
 * `callId` stands for the action and its entity, so that `pre` and `post` still go together.
 *
 * Source: vatesfr/xen-orchestra, packages/xo-server-web-hooks.
 */
import { hash } from 'node:crypto';

import { hasFailed } from '../../event/severity.ts';
import type { Envelope } from '../../event/envelope.ts';
import { actionOf } from '../action.ts';
import type { Format, FormatEvent } from '../format.ts';
import { isUnderWay } from '../incident/incident.ts';
import { renderJson } from '../json.ts';
import { timeOfEvent } from '../words.ts';

/** @example body {"callId":"1k9xw2v0f7c","userName":"admin@admin.net","method":"vm.start","params":{"id":"67aa…"}, …} */
export const xenOrchestra: Format = {
  name: 'xen-orchestra',
  description: "The calls of Xen Orchestra's web-hooks plugin: pre and post, with result or error.",
  takes: {},
  render: event => renderJson(event, callOf(event)),
};

function callOf(event: FormatEvent): Readonly<Record<string, unknown>> {
  const { envelope } = event;
  const { details = {}, user = '(unknown user)' } = envelope;
  const { userIp, duration, userId } = details;
  const isPre = isUnderWay(envelope);
  return {
    callId: callIdOf(event),
    userId: userId ?? envelope.user,
    userName: user,
    userIp,
    method: methodOf(envelope),
    params: paramsOf(envelope),
    timestamp: Date.parse(timeOfEvent(event)),
    type: isPre ? 'pre' : 'post',
    ...(!isPre && { duration, ...endOf(envelope) }),
  };
}

function endOf(envelope: Envelope): object {
  const { description, details = {}, event, entityuuid } = envelope;
  if (!hasFailed(envelope)) {
    return { result: /\bcreate$/.test(event) && entityuuid !== undefined ? entityuuid : true };
  }
  return { error: { code: details['errorCode'], message: description ?? `${event} failed` } };
}

function methodOf({ event, source }: Envelope): string {
  return source === 'xen-orchestra' ? event : event.toLowerCase();
}

/** Builds the parameters as far as they are known; the entity's id is under `id`, where receivers look for it. */
function paramsOf({ details = {}, entityuuid, source }: Envelope): object {
  const { params } = details;
  const told = typeof params === 'object' ? params : source === 'xen-orchestra' ? {} : details;
  return { ...(entityuuid !== undefined && { id: entityuuid }), ...told };
}

/** Builds the call's id: eleven characters in base 36, as theirs. */
function callIdOf({ id, envelope }: FormatEvent): string {
  const { entityuuid = id, user = '' } = envelope;
  const digest = hash('sha256', JSON.stringify([actionOf(envelope).name, entityuuid, user]), 'hex');
  return BigInt(`0x${digest}`).toString(36).slice(0, 11);
}
