/**
 * Takes secrets out of a message before anything keeps it.
 *
 * CloudStack's async jobs carry the raw request of the API call (session keys, signatures, passwords, user data) and its
 * result (generated passwords, private keys), as objects or, before 4.20, as text that holds JSON:
 *
 *     "cmdInfo":"{\"sessionkey\":\"Y2hl…\",\"signature\":\"q0F…\"}"
 *     "jobResult":"org.apache.cloudstack.api.response.UserVmResponse/virtualmachine/{\"password\":\"Xw3\"}"
 *
 * OpenStack's carry live tokens in the context, Cinder's how to reach a volume's storage (`connection_info`), Keystone's a
 * part of a password's hash (`{"name":"partial_password_hash","content":"…"}`).
 *
 * Source: apache/cloudstack, ApiServer.handleAsyncJobPublishEvent (the parameters), ApiSerializerHelper.toSerializedString (the
 * result), also met in apache/cloudstack#782; openstack/oslo.messaging, openstack/cinder, openstack/keystone.
 */
import { isUtf8 } from 'node:buffer';

import { parseJsonToWrite } from '../../event/text/exact-json.ts';
import { isObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createBrokenScrub } from './scrub-broken.ts';
import { scrubElements } from './scrub-elements.ts';
import { createPairScrub, sign } from './scrub-pairs.ts';
import { isUserData, scrubKeys, scrubUserData, userDataAt } from './scrub-shape.ts';
import { scrubUrls } from './scrub-url.ts';
import { createSpokenScrub } from './scrub-spoken.ts';
import { secretKeys, secretWords, wordOf } from './secret-words.ts';

/** Replaces a secret. */
export const scrubbed = '***';
/** Replaces objects nested deeper than `depthMax`: what is not searched is not passed on. */
export const tooDeep = '*** nested too deeply';
const depthMax = 32;
/** The shortest pair of a name and a secret: `otp=1`. */
const pairCharsMin = 5;
/** Maximum length of what may follow a secret's name in a key: the plural and an index. */
const indexCharsMax = 32;

export interface Scrubber {
  /**
   * Scrubs a value of the secrets that its keys and texts give away; the very same value when there are none.
   *
   * @param value a result of JSON.parse. It is not changed.
   */
  value(this: void, value: unknown): unknown;
  /** Scrubs an object; see `value`. */
  object(this: void, object: JsonObject): JsonObject;
  text(this: void, text: string): string;
  /** Whether everything under this key is a secret, whatever it looks like. */
  isSecretKey(this: void, key: string): boolean;
  /** Scrubs the bytes of a message that could not be read; the very same where nothing looks like a secret. */
  bytes(this: void, body: Uint8Array): Uint8Array;
}

/**
 * Creates a scrubber.
 *
 * @param keys further names of secrets, such as `ssh_fingerprint`; they match as the built-in ones do: at the end of a
 *   key, in any case, with or without `-`, `_`, `.` or a blank between their words.
 */
export function createScrubber(keys: readonly string[] = []): Scrubber {
  const patterns = [...secretWords, ...keys.map(wordOf).filter(word => word !== '')];
  const words = patterns.join('|');
  /** A key that ends in a secret's name: `password`, `vmPassword`, `details[0].password`, but not `passwordenabled`. */
  const secretKey = new RegExp(`(?:${words})s?(?:\\[?\\d+\\]?)?$`, 'i');
  const inBrokenJson = createBrokenScrub(words, scrubbed);
  const inNamedPairs = createPairScrub(words, scrubbed);
  const inSpeech = createSpokenScrub(words, scrubbed);
  // A key may be as long as the message; a name ends it, and no name is longer than its pattern.
  const endCharsMax = Math.max(...patterns.map(pattern => pattern.length)) + indexCharsMax;
  const isSecretKey = remembering(
    key => secretKey.test(key.slice(-endCharsMax)) || isSecretWord(key),
  );
  const inPairs = (dirty: string): string => {
    if (dirty.length < pairCharsMin) return dirty;
    const shown = scrubElements(dirty, isSecretKey, scrubbed);
    const shapeless = inSpeech(scrubKeys(scrubUserData(shown, scrubbed), scrubbed));
    // Most texts are ids and have neither of the two signs, of which the patterns need one.
    if (!/[=:]/.test(shapeless)) return shapeless;
    return inNamedPairs(inBrokenJson(scrubUrls(shapeless, scrubbed)));
  };
  const isNamed = new RegExp(`(?:${words})s?\\\\*["']?\\s*${sign}\\s*$`, 'i');
  const endsInName = (before: string): boolean => isNamed.test(before.slice(-endCharsMax));
  const walk = createWalk({ isSecretKey, endsInName, inPairs });
  const text = (dirty: string): string => walk.text(dirty, 0);
  return {
    value: value => walk.value(value, 0),
    object: object => walk.object(object, 0),
    text,
    isSecretKey,
    bytes: body => scrubBytes(body, text, inPairs),
  };
}

/** The longest is `ticket`, with a plural. */
const secretWordCharsMax = 8;

function isSecretWord(key: string): boolean {
  if (key.length > secretWordCharsMax) return false;
  const word = key.toLowerCase();
  return secretKeys.has(word) || secretKeys.has(word.replace(/s$/, ''));
}

/** The scrubber of an operator who lists no further keys. */
export const builtInScrubber = createScrubber();

/** The same keys stand in message after message. Strangers' keys may be anything: no more than these are remembered. */
const rememberedMax = 4_096;
const rememberedCharsMax = 64;

function remembering(isSecret: (key: string) => boolean): (key: string) => boolean {
  const known = new Map<string, boolean>();
  return key => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = isSecret(key);
    if (key.length > rememberedCharsMax) return found;
    if (known.size >= rememberedMax) known.clear();
    known.set(key, found);
    return found;
  };
}

interface Rules {
  isSecretKey(this: void, key: string): boolean;
  /** Whether the text ends in a secret's name, so that what follows is the secret: `credentials=`. */
  endsInName(this: void, before: string): boolean;
  /** Scrubs text that is not JSON. */
  inPairs(this: void, text: string): string;
}

function createWalk({ isSecretKey, endsInName, inPairs }: Rules) {
  return { value: scrub, object: scrubObject, text: scrubText };

  function scrub(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return scrubText(value, depth);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= depthMax) return tooDeep;
    if (Array.isArray(value)) return scrubArray(value, depth);
    return isObject(value) ? scrubObject(value, depth) : value;
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
        isSecretKey(key) || isNamedSecret(object, key, isSecretKey) || isTransferKey(object, key)
          ? mask(value)
          : scrub(value, depth + 1);
      if (safe === value) continue;
      clean ??= { ...object };
      clean[key] = safe;
    }
    return clean ?? object;
  }

  /** Scrubs text: it may hold JSON, alone or after a class name; the rest is searched for `name=value` pairs. */
  function scrubText(text: string, depth: number): string {
    if (isUserData(text)) return scrubbed;
    const json = depth < depthMax ? embeddedJson(text) : undefined;
    if (json === undefined || userDataAt(text.slice(0, json.start)) !== -1) return inPairs(text);
    const before = text.slice(0, json.start);
    const clean = endsInName(before) ? scrubbed : scrub(json.value, depth + 1);
    const middle = clean === json.value ? text.slice(json.start, json.end) : JSON.stringify(clean);
    return inPairs(before) + middle + inPairs(text.slice(json.end));
  }
}

/**
 * Whether a value is secret because of the name beside it: `{"name":"password","value":"Xw3"}`, CADF's
 * `{"name":"partial_password_hash","content":"…"}`, a JSON Patch's `{"path":"/driver_info/ipmi_password","value":"Xw3"}`, and in one flat
 * object `"details[0].key":"password","details[0].value":"Xw3"`.
 */
function isNamedSecret(
  object: JsonObject,
  key: string,
  isSecretKey: (key: string) => boolean,
): boolean {
  const half = VALUE.exec(key);
  if (half === null) return false;
  const stem = key.slice(0, half.index);
  return namesBeside.some(other => {
    const name = object[`${stem}${other}`];
    return typeof name === 'string' && isSecretKey(name);
  });
}

const VALUE = /(?:(?:new|old|default)[-_ ]?)?(?:values?|content)$/i;
const namesBeside: readonly string[] = ['key', 'name', 'path', 'property', 'field', 'id'].flatMap(
  name => [name, `${name.charAt(0).toUpperCase()}${name.slice(1)}`, name.toUpperCase()],
);

/** Whether a value opens a zone of Designate to whoever has it: `{"key":"5DZG…","zone_id":"f1f8…"}`. */
function isTransferKey(object: JsonObject, key: string): boolean {
  if (key !== 'key') return false;
  return Object.hasOwn(object, 'zone_id') || Object.hasOwn(object, 'zone_transfer_request_id');
}

/** Masks a value. Booleans and null tell nothing (`"password":false`), and an empty text hides nothing. */
function mask(value: unknown): unknown {
  return value === null || value === '' || typeof value === 'boolean' ? value : scrubbed;
}

function embeddedJson(text: string) {
  const start = text.search(/[{[]/);
  if (start === -1) return undefined;
  const end = text.lastIndexOf(text[start] === '{' ? '}' : ']') + 1;
  if (end <= start) return undefined;
  try {
    const value: unknown = parseJsonToWrite(text.slice(start, end));
    return { value, start, end };
  } catch {
    return undefined;
  }
}

/**
 * Scrubs bytes. Those that are no UTF-8 are searched as Latin-1, in which every byte is a character and comes back as
 * it was.
 */
function scrubBytes(
  body: Uint8Array,
  inText: (text: string) => string,
  inPairs: (text: string) => string,
): Uint8Array {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const encoding = isUtf8(body) ? 'utf8' : 'latin1';
  const text = buffer.toString(encoding);
  const safe = encoding === 'utf8' ? inText(text) : inPairs(text);
  return safe === text ? body : Buffer.from(safe, encoding);
}
