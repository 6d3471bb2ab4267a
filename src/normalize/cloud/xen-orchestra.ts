/**
 * Xen Orchestra's calls, as its plugin web-hooks posts them (format `json`): one message before a call (`pre`), one after it
 * (`post`) with its result or its error.
 *
 *     {"callId":"1k9xw2v0f7c","userId":"0d2b…","userName":"admin@admin.net","userIp":"192.0.2.44","method":"vm.start",
 *      "params":{"id":"67aa…"},"timestamp":1573650727415,"duration":4303,"result":true,"type":"post"}
 *
 * Nothing in it names a tenant. The parameters are what the caller wrote, and `pre` is told before anybody asks whether they
 * may: an account that a mapping finds in the parameters counts only once the call was let through (see `isLetThrough`).
 *
 * Source: vatesfr/xen-orchestra, packages/xo-server-web-hooks, xo-server's api.mjs and jobs/index.mjs, and xo-server-usage-report,
 * -auth-ldap and -netbox (`addApiMethod`).
 */
import { MalformedMessageError } from '../../event/errors.ts';
import { at, firstName, textAt } from '../value/at.ts';
import type { Facts } from '../facts.ts';
import { isObject, parseObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import { compileMapping } from '../mapping.ts';
import type { Decoder, NormalizerOptions } from '../normalizer.ts';
import { scrubbed } from '../scrub/scrub.ts';
import { withoutCredentials } from './xen-orchestra-params.ts';

export function createXenOrchestraNormalizer(options: NormalizerOptions): Decoder {
  const { account, project, domain, ...others } = options.mapping;
  const make = createEventMaker(options);
  const makeUnowned = createEventMaker({ ...options, mapping: others });
  const { factsIn: ownerIn } = compileMapping({ account, project, domain });
  return message => {
    const raw = parseObject(message.body).value;
    const call = withoutResult(withoutCredentials(options.scrubber.object(raw), raw));
    const facts = factsOf(call);
    if (call['callId'] === testCallId || isBackupAskedFor(call)) return [];
    if (isLetThrough(call)) return [make(facts, call, message)];
    const owner = ownerIn(withoutClaims(call), message);
    return [makeUnowned({ ...facts, ...owner, provenDomain: owner.domain }, call, message)];
  };
}

/** Id of the call in the message that the plugin's button "Test" sends; it tells of a call that nobody made. */
const testCallId = '0';
const unknownUser = '(unknown user)';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Calls whose result is, or has, the id of what they made. */
const MAKING = /^(?!token\.)[^.]+\.(?:add|clone|copy|create|deploy|import|register|snapshot)/;
/** Ids of resource sets and pools of addresses are eight random bytes; those of tokens, which are secrets, are 32. */
const SHORT_ID = /^[\w-]{11}$/;

/**
 * Removes the result, which may be anything, for `token.create` the token itself, and nothing tells. Only the id of a new object
 * is let through.
 */
function withoutResult(call: JsonObject): JsonObject {
  const { result, ...rest } = call;
  if (result === undefined) return call;
  const id = typeof result === 'string' ? result : textAt(result, 'id');
  const isNew =
    id !== undefined && (UUID.test(id) || SHORT_ID.test(id)) && MAKING.test(methodOf(call));
  return { ...rest, result: isNew ? id : true };
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
  const named = [params['id'], params[entity]].find(isId);
  const made = textAt(call, 'result');
  const userName = textAt(call, 'userName');
  return {
    event: method,
    entity,
    entityuuid: named ?? made,
    user: userName === undefined || userName === unknownUser ? userId : userName,
    status: type === 'pre' ? 'Started' : hasFailed(call) ? 'Failed' : 'Completed',
    eventDateTime: call['timestamp'],
    description: textAt(error, 'message') ?? error,
    source: 'xen-orchestra',
    details: {
      type,
      userId,
      userIp: call['userIp'],
      duration: call['duration'],
      errorCode: firstName(error, ['code'])?.toString(),
      params: plain(params),
      resultId: named === undefined ? undefined : made,
    },
    key: typeof callId === 'string' ? `${callId}:${type}` : undefined,
  };
}

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value !== scrubbed;

function hasFailed({ error }: JsonObject): boolean {
  return error !== undefined && error !== null;
}

/** Whether Xen Orchestra itself refused the call: its own errors have numbers, those of the hypervisor names. */
function isRefused({ error }: JsonObject): boolean {
  return isObject(error) && typeof error['code'] === 'number';
}

/**
 * Calls that anybody may make with any parameters: those that read, those of the session itself, those of plugins that declare neither
 * parameters nor who may call them, and imports from a machine that the caller names.
 */
const UNCHECKED =
  /^(?:session|system|token|test|ldap|netbox|plugin\.usageReport)\.|^vm\.import\w*FromEsxi$|\.(?:get|is|list)(?:[A-Z]|$)/;

/**
 * Whether Xen Orchestra asked if the caller may do that to what the parameters name, and they may. An error shows it only where it is
 * the hypervisor's: parameters that contradict each other end in an error before anybody asks.
 */
function isLetThrough(call: JsonObject): boolean {
  if (call['type'] !== 'post' || UNCHECKED.test(methodOf(call))) return false;
  return !hasFailed(call) || textAt(call, 'error.name') === 'XapiError';
}

/** The errors of a job that did not begin: it runs already, or nothing runs jobs of its type. */
const NOT_RUN = /^(?:the job|cannot run job) \(/;

/**
 * Whether the call asks for a run of a backup. The run is told by itself, whoever asked for it, under a `callId` of its own and with
 * the job's settings, but not the user's address. What was refused or did not begin has no run.
 */
function isBackupAskedFor(call: JsonObject): boolean {
  if (methodOf(call) !== 'backupNg.runJob' || isRefused(call)) return false;
  if (NOT_RUN.test(textAt(call, 'error.message') ?? '')) return false;
  return call['userIp'] !== undefined || !isObject(at(call, 'params.settings'));
}

/** What Xen Orchestra itself says of the caller: none of it is the caller's word. */
function withoutClaims(call: JsonObject): JsonObject {
  const { callId, userId, userName, userIp, method, timestamp, type } = call;
  return { callId, userId, userName, userIp, method, timestamp, type };
}

/** The parameters that are single values, or lists of them: ids, names, flags. */
function plain(params: JsonObject): JsonObject | undefined {
  const kept = Object.entries(params).filter(([, value]) =>
    Array.isArray(value) ? value.every(isPlain) : isPlain(value),
  );
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

const isPlain = (value: unknown): boolean => typeof value !== 'object';
