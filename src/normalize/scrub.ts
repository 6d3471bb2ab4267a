/**
 * Takes secrets out of a message before anything keeps it.
 *
 * CloudStack's async jobs carry the raw request of the API call (session keys, signatures, passwords, user data) and its
 * result (generated passwords, private keys), as objects or, before 4.20, as text that holds JSON:
 *
 *     "cmdInfo":"{\"sessionkey\":\"Y2hl…\",\"signature\":\"q0F…\"}"
 *     "jobResult":"org.apache.cloudstack.api.response.UserVmResponse/virtualmachine/{\"password\":\"Xw3\"}"
 *
 * Source: apache/cloudstack, ApiServer.handleAsyncJobPublishEvent (the parameters), ApiSerializerHelper.toSerializedString (the
 * result). Also met in apache/cloudstack#782.
 */
import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';

/** What stands where a secret stood. */
export const scrubbed = '***';
/** What stands for objects nested deeper than `depthMax`: what is not looked at is not passed on. */
export const tooDeep = '*** nested too deeply';
const depthMax = 32;

const secretWords = [
  'api[-_. ]?key',
  'access[-_. ]?key',
  'authorization',
  'code[-_. ]?for[-_. ]?2fa',
  'cookie',
  'credentials?',
  'encryption[-_. ]?key',
  'kube[-_. ]?config',
  'pass[-_. ]?code',
  'pass[-_. ]?phrase',
  'pass[-_. ]?w(?:or)?d',
  'private[-_. ]?key',
  'pre[-_. ]?shared[-_. ]?key',
  'psk',
  'secret',
  'secret[-_. ]?key',
  'session[-_. ]?(?:id|key)',
  'signature',
  'token',
  'user[-_. ]?data',
].join('|');

/** A key that ends in a secret's name: `password`, `vmPassword`, `details[0].password`, but not `passwordenabled`. */
const SECRET_KEY = new RegExp(`(?:${secretWords})(?:\\[?\\d+\\]?)?$`, 'i');
/** `sessionkey=Y2hl`, `"password": "Xw3"`, `password\":\"Xw3\"`, `Authorization: Bearer eyJh` in text that is not JSON. */
const SECRET_PAIR = new RegExp(
  `((?:${secretWords})\\\\*["']?\\s*[=:]\\s*)` +
    // Up to the next quote that is escaped just as often as the opening one, or to the end.
    `(?:(\\\\*["'])(?:(?!(?<!\\\\)\\2)[^])+|(?:(?:basic|bearer)\\s+)?[^\\s"'\\\\&,;{}]+)`,
  'gi',
);
/** The password of `rbd://admin:AQBt@mon.example.org/pool`. */
const URL_PASSWORD = /(:\/\/[^\s/:@"']*:)[^\s/@"']+(?=@)/g;

/**
 * The value without the secrets that its keys and texts give away; the very same value when there are none.
 *
 * @param value what JSON.parse answered. It is not changed.
 */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value, depth);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) return tooDeep;
  if (Array.isArray(value)) return scrubArray(value, depth);
  return isObject(value) ? scrubObject(value, depth) : value;
}

/** Whether what this key holds is a secret whatever it looks like. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

function scrubArray(items: readonly unknown[], depth: number): readonly unknown[] {
  const clean = items.map(item => scrub(item, depth + 1));
  return clean.some((item, index) => item !== items[index]) ? clean : items;
}

function scrubObject(object: JsonObject, depth: number): JsonObject {
  let clean: Record<string, unknown> | undefined;
  for (const key of Object.keys(object)) {
    const value = object[key];
    const safe =
      isSecretKey(key) || isNamedSecret(object, key) ? mask(value) : scrub(value, depth + 1);
    if (safe === value) continue;
    clean ??= { ...object };
    clean[key] = safe;
  }
  return clean ?? object;
}

/** `{"name":"password","value":"Xw3"}`, and in one flat object `"details[0].key":"password","details[0].value":"Xw3"`. */
function isNamedSecret(object: JsonObject, key: string): boolean {
  if (!/value$/i.test(key)) return false;
  const stem = key.slice(0, -'value'.length);
  return ['key', 'name', 'Key', 'Name'].some(half => {
    const name = object[`${stem}${half}`];
    return typeof name === 'string' && isSecretKey(name);
  });
}

/** Booleans and null say nothing (`"password":false`); an empty text hides nothing. */
function mask(value: unknown): unknown {
  return value === null || value === '' || typeof value === 'boolean' ? value : scrubbed;
}

/** Text may hold JSON, alone or after a class name; the rest is searched for `name=value` pairs. */
function scrubText(text: string, depth: number): string {
  const json = depth < depthMax ? embeddedJson(text) : undefined;
  if (json === undefined) return scrubPairs(text);
  const clean = scrub(json.value, depth + 1);
  const middle = clean === json.value ? text.slice(json.start, json.end) : JSON.stringify(clean);
  return scrubPairs(text.slice(0, json.start)) + middle + scrubPairs(text.slice(json.end));
}

function scrubPairs(text: string): string {
  return text.replace(SECRET_PAIR, `$1$2${scrubbed}`).replace(URL_PASSWORD, `$1${scrubbed}`);
}

function embeddedJson(text: string) {
  const start = text.search(/[{[]/);
  if (start === -1) return undefined;
  const end = text.lastIndexOf(text[start] === '{' ? '}' : ']') + 1;
  if (end <= start) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(start, end));
    return { value, start, end };
  } catch {
    return undefined;
  }
}
