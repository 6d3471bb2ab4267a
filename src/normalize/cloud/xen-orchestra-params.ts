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
  { method: /^plugin\.configure$/, isSecret: only('configuration') },
  { method: /^cloudConfig\./, isSecret: only('template') },
  { method: /^vm\.createCloudInitConfigDrive$/, isSecret: only('config', 'networkConfig') },
];

/** Masks them. What a job calls later counts as a call. */
export function withoutCredentials(call: JsonObject): JsonObject {
  const { params } = call;
  if (!isObject(params)) return call;
  const rule = ruleOf(textAt(call, 'method'));
  if (rule !== undefined) return { ...call, params: masked(params, rule.isSecret) };
  const { job } = params;
  if (!isObject(job) || ruleOf(textAt(job, 'method')) === undefined) return call;
  return { ...call, params: { ...params, job: masked(job, only('paramsVector')) } };
}

function ruleOf(method = ''): Rule | undefined {
  return rules.find(rule => rule.method.test(method));
}

function masked(params: JsonObject, isSecret: Rule['isSecret']): JsonObject {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, isSecret(name) ? scrubbed : value]),
  );
}
