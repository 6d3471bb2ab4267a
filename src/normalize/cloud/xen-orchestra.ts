/**
 * Xen Orchestra's calls, as its plugin web-hooks posts them (format `json`): one message before a call (`pre`), one after it
 * (`post`) with its result or its error.
 *
 *     {"callId":"1k9xw2v0f7c","userId":"0d2b…","userName":"admin@admin.net","userIp":"192.0.2.44","method":"vm.start",
 *      "params":{"id":"67aa…"},"timestamp":1573650727415,"duration":4303,"result":true,"type":"post"}
 *
 * Nothing in it names a tenant.
 *
 * Source: vatesfr/xen-orchestra, packages/xo-server-web-hooks and xo-server's api.mjs.
 */
import { MalformedMessageError } from '../../event/errors.ts';
import { textAt } from '../value/at.ts';
import type { Facts } from '../facts.ts';
import { isObject, parseObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Normalizer, NormalizerOptions } from '../normalizer.ts';
import { scrubbed } from '../scrub/scrub.ts';
import { withoutCredentials } from './xen-orchestra-params.ts';

export function createXenOrchestraNormalizer(options: NormalizerOptions): Normalizer {
  const make = createEventMaker(options);
  return message => {
    const body = options.scrubber.object(parseObject(message.body).value);
    const call = withoutResult(withoutCredentials(body));
    return [make(factsOf(call), call, message)];
  };
}

/** Id of the call in the message that a plugin's test sends. */
const testCallId = '0';
const unknownUser = '(unknown user)';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Removes the result, which may be anything, for `token.create` the token itself, and nothing tells. Only the id of a
 * new object is let through.
 */
function withoutResult(call: JsonObject): JsonObject {
  const { result, ...rest } = call;
  if (result === undefined) return call;
  const isId = typeof result === 'string' && UUID.test(result);
  return { ...rest, result: isId && methodOf(call).endsWith('.create') ? result : true };
}

function methodOf(call: JsonObject): string {
  const method = textAt(call, 'method');
  if (method !== undefined) return method;
  throw new MalformedMessageError('there is no "method" in the body; expected it as text');
}

function factsOf(call: JsonObject): Facts {
  const method = methodOf(call);
  const { callId, type, userId, error } = call;
  if (type !== 'pre' && type !== 'post') {
    throw new MalformedMessageError('"type" is neither "pre" nor "post"; expected one of them');
  }
  const [entity = method] = method.split('.');
  const params = isObject(call['params']) ? call['params'] : {};
  const userName = textAt(call, 'userName');
  return {
    event: method,
    entity,
    entityuuid: [params['id'], params[entity], call['result']].find(isId),
    user: userName === undefined || userName === unknownUser ? userId : userName,
    status: type === 'pre' ? 'Started' : failed(call) ? 'Failed' : 'Completed',
    eventDateTime: call['timestamp'],
    description: textAt(error, 'message') ?? error,
    source: 'xen-orchestra',
    details: {
      type,
      userId,
      userIp: call['userIp'],
      duration: call['duration'],
      errorCode: textAt(error, 'code'),
      params: plain(params),
    },
    key: typeof callId === 'string' && callId !== testCallId ? `${callId}:${type}` : undefined,
  };
}

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value !== scrubbed;

function failed({ error }: JsonObject): boolean {
  return error !== undefined && error !== null;
}

/** The parameters that are single values: ids, names, flags. */
function plain(params: JsonObject): JsonObject | undefined {
  const kept = Object.entries(params).filter(([, value]) => typeof value !== 'object');
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
