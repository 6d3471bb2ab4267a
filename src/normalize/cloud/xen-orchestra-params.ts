/**
 * The parameters of Xen Orchestra's calls that are secrets under names that do not say so: a token's id is the token, anything may
 * be a credential at a log-in, a plugin's configuration holds whatever the plugin logs in with, and templates are user data.
 *
 *     {"method":"token.set","params":{"id":"rS53wAo5…","description":"lab 2"}}
 *     {"method":"job.create","params":{"job":{"method":"token.delete","paramsVector":{…}}}}
 *
 * Source: vatesfr/xen-orchestra, packages/xo-server/src/api: token.mjs, session.mjs, plugin.mjs, cloud-config.mjs, vm.mjs, job.mjs.
 */
import { textAt } from '../value/at.ts';
import { isObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { scrubbed } from '../scrub/scrub.ts';

interface Rule {
  readonly method: RegExp;
  readonly isSecret: (param: string) => boolean;
}

const only =
  (...names: readonly string[]) =>
  (param: string): boolean =>
    names.includes(param);
const allBut =
  (...names: readonly string[]) =>
  (param: string): boolean =>
    !names.includes(param);

const rules: readonly Rule[] = [
  { method: /^token\./, isSecret: allBut('description', 'expiresIn', 'client') },
  { method: /^session\.signIn/, isSecret: allBut('email', 'username') },
  { method: /^plugin\.(?:configure|test)$/, isSecret: only('configuration', 'data') },
  { method: /^cloudConfig\./, isSecret: only('template') },
  { method: /^vm\.create(?:CloudInitConfigDrive)?$/, isSecret: only('config', 'networkConfig') },
];

/**
 * Masks them, also where the error of the call quotes them: `no such authenticationToken rS53wAo5…`. What a job calls later counts as
 * a call.
 *
 * @param raw the call with all its secrets, by which they are found in the error.
 */
export function withoutCredentials(call: JsonObject, raw: JsonObject): JsonObject {
  const { params, error } = call;
  if (params === undefined || params === null) return call;
  const rule = ruleOf(textAt(call, 'method'));
  if (rule !== undefined) {
    // A list, whose items have no names, is told before it is refused.
    const clean = { ...call, params: isObject(params) ? masked(params, rule.isSecret) : scrubbed };
    if (error === undefined || error === null) return clean;
    return { ...clean, error: unquoted(error, secretsIn(raw['params'], rule.isSecret)) };
  }
  if (!isObject(params)) return call;
  const { job } = params;
  if (!isObject(job) || !mayHaveSecrets(job)) return call;
  return { ...call, params: { ...params, job: masked(job, only('paramsVector')) } };
}

/** Whether a job calls such a method. One that is changed need not say which it calls. */
function mayHaveSecrets(job: JsonObject): boolean {
  const method = textAt(job, 'method');
  return method === undefined || ruleOf(method) !== undefined;
}

/** An error without its data, which tell the parameters again, and with a message that quotes none of the secrets. */
function unquoted(error: unknown, secrets: ReadonlySet<string>): unknown {
  const hide = (text: string): string =>
    text.replaceAll(WORD, word => (secrets.has(word) ? scrubbed : word));
  if (typeof error === 'string') return hide(error);
  if (!isObject(error)) return error;
  const { code, name } = error;
  const message = textAt(error, 'message');
  return { code, name, message: message === undefined ? undefined : hide(message) };
}

/** A part of a secret that is long enough to be told from prose. */
const WORD = /[^\s"'`()[\]{}<>,;:.!?]{4,}/g;
const secretDepthMax = 32;

function secretsIn(params: unknown, isSecret: Rule['isSecret']): ReadonlySet<string> {
  const found = new Set<string>();
  const collect = (value: unknown, depth: number): void => {
    if (typeof value === 'string' || typeof value === 'number') {
      for (const [word] of String(value).matchAll(WORD)) found.add(word);
    }
    if (typeof value !== 'object' || value === null || depth === secretDepthMax) return;
    for (const item of Object.values(value)) collect(item, depth + 1);
  };
  if (!isObject(params)) collect(params, 0);
  else for (const [name, value] of Object.entries(params)) if (isSecret(name)) collect(value, 0);
  return found;
}

function ruleOf(method = ''): Rule | undefined {
  return rules.find(rule => rule.method.test(method));
}

function masked(params: JsonObject, isSecret: Rule['isSecret']): JsonObject {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, isSecret(name) ? scrubbed : value]),
  );
}
