/**
 * Scrubs secrets that their own shape gives away, wherever they stand and whatever they are called:
 *
 *     #cloud-config, #!/bin/sh, Content-Type: multipart/mixed     user data of a server, also in base64
 *     -----BEGIN RSA PRIVATE KEY-----                             private keys
 *     eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.dBjf, gAAAAABm…        JSON Web Tokens, Keystone's Fernet tokens
 *
 * User data holds passwords in more ways than any pattern knows, so the whole of it is masked.
 *
 * Source: cloudinit.readthedocs.io, "User-data formats"; cloudbase-init.readthedocs.io, "Userdata"; RFC 7468; RFC 7519;
 * openstack/keystone, token_formatters.py.
 */
import { closingQuote } from './scrub-pairs.ts';

const beginnings = [
  '#cloud-config',
  '#cloud-boothook',
  '#!',
  '#ps1',
  '## template:',
  '#part-handler',
  'Content-Type: multipart',
  'Content-Type: text/cloud-',
  'Content-Type: text/x-shellscript',
  'MIME-Version:',
  '<powershell>',
];
/** What base64 begins with when the text in it begins so. A script's first line is a path, of which `#!` alone is too short. */
const encodedBeginnings = [
  ...beginnings.map(text => (text === '#!' ? '#!/' : text)),
  '\u001f\u008b\b',
].map(text => {
  const bytes = Buffer.from(text, 'latin1');
  return bytes.toString('base64').slice(0, Math.floor((bytes.length * 4) / 3));
});
const escaped = (texts: readonly string[]): string =>
  texts.map(text => text.replaceAll(/[^\w\s]/g, String.raw`\$&`)).join('|');

const USER_DATA = new RegExp(`^\\s*(?:${escaped(beginnings)})`, 'i');
const ENCODED = new RegExp(`^(?:${escaped(encodedBeginnings)})[\\w+/=-]{12}`);
const BASE64 = /^[\w+/=\s-]+$/;
/** User data within a quoted text. What is as short as `"#!"` may be a word of prose. */
const QUOTED = new RegExp(
  `(["'])(?:${escaped(beginnings.filter(text => text !== '#!'))}|#!\\\\?/|(?:${escaped(encodedBeginnings)})[\\w+/=-]{12})`,
  'gi',
);
/** The first line of user data behind other text. */
const FIRST_LINE = /(?:#cloud-config|#!\/[^\s\\#]{1,100})[^\S\n]{0,100}(?:\n|\\+[rn])/i;

/** What user data, also in base64, may begin with. Most texts are ids, and begin otherwise or are shorter. */
const FIRST = /^[\s#<cmIHPQTR]/i;
const lengthMin = 3;

/** Whether all of the text is user data. */
export function isUserData(text: string): boolean {
  if (text.length < lengthMin || !FIRST.test(text)) return false;
  return USER_DATA.test(text) || (ENCODED.test(text) && BASE64.test(text));
}

/** Finds where user data begins behind other text; -1 without any. */
export function userDataAt(text: string): number {
  return text.includes('#') ? text.search(FIRST_LINE) : -1;
}

/** Scrubs user data in quotes, and user data behind other text up to the end. @param mask replaces it. */
export function scrubUserData(text: string, mask: string): string {
  const clean = /["']/.test(text) ? withoutQuoted(text, mask) : text;
  const at = userDataAt(clean);
  return at === -1 ? clean : clean.slice(0, at) + mask;
}

function withoutQuoted(text: string, mask: string): string {
  let clean = '';
  let from = 0;
  for (const { index, 1: mark = '' } of text.matchAll(QUOTED)) {
    if (index < from) continue;
    let start = index;
    while (start > from && text[start - 1] === '\\') start -= 1;
    clean += text.slice(from, index + 1) + mask;
    from = closingQuote(text, index + 1, text.slice(start, index) + mark);
  }
  return clean + text.slice(from);
}

const KEY = /-----BEGIN [A-Z\d ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
/** A token that is signed has three parts, one that is encrypted five. */
const TOKEN =
  /(?<![\w.-])(?:eyJ[\w-]{8,}\.(?:eyJ[\w-]{8,}\.[\w-]*|[\w-]*(?:\.[\w-]+){3})|gAAAAA[\w-]{60,}={0,2}(?:%3D){0,2})/g;

/** Scrubs private keys and tokens. @param mask replaces each. */
export function scrubKeys(text: string, mask: string): string {
  if (!/PRIVATE KEY|eyJ|gAAAAA/.test(text)) return text;
  const clean = text.includes('PRIVATE KEY') ? withoutPrivateKeys(text, mask) : text;
  return clean.replaceAll(TOKEN, mask);
}

/** A key goes from its first line to its last, or to the end of the text. */
function withoutPrivateKeys(text: string, mask: string): string {
  let clean = '';
  let from = 0;
  for (const { index, 0: first } of text.matchAll(KEY)) {
    if (index < from) continue;
    clean += text.slice(from, index) + mask;
    const last = text.indexOf('-----END ', index + first.length);
    const dashes = last === -1 ? -1 : text.indexOf('-----', last + 9);
    from = dashes === -1 ? text.length : dashes + 5;
  }
  return clean + text.slice(from);
}
