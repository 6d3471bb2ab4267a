/**
 * Takes a webhook's secrets out of what its receiver says: debug pages and echo services repeat the request's headers and
 * body, and whoever may see an answer may not see them.
 */
import { hiddenValue } from '../../format/own-header.ts';
import { spellingsOf, type Spelling } from './spelling.ts';

/** Conceals secrets in a text. @param isCut whether the text ends where somebody cut it, perhaps within a secret. */
export type Conceal = (text: string, isCut: boolean) => string;

/** Shorter secrets are words like any other, and concealed only where they stand alone. */
const wordCharsMax = 5;
/** The beginning of a secret at the end of a cut text is concealed from this length on. */
const beginningCharsMin = 2;

/** Creates the function that conceals them, however they are spelled. */
export function createConceal(secrets: readonly string[]): Conceal {
  const spellings = [...new Set(secrets.flatMap(partsOf))]
    .filter(secret => secret !== '' && secret !== hiddenValue)
    .toSorted((one, other) => other.length - one.length)
    .flatMap(spellingsOf);
  if (spellings.length === 0) return text => text;
  const anywhere = new RegExp(spellings.map(patternOf).join('|'), 'gu');
  return (text, isCut) => {
    const concealed = text.replaceAll(anywhere, hiddenValue);
    return isCut ? withoutBeginning(concealed, spellings) : concealed;
  };
}

/** The secret, and what of it is a secret by itself: the token of `Bearer <token>`, the password of `Basic …`. */
function partsOf(secret: string): string[] {
  const [, scheme, token] = /^([A-Za-z]+)[ _](.+)$/.exec(secret) ?? [];
  if (scheme === undefined || token === undefined) return [secret];
  if (scheme.toLowerCase() !== 'basic') return [secret, token];
  const pair = Buffer.from(token, 'base64').toString();
  return [secret, token, pair, pair.slice(pair.indexOf(':') + 1)];
}

function patternOf(spelling: Spelling): string {
  const pattern = spelling
    .map(ways =>
      ways.length === 1 ? ways.map(escaped).join('') : `(?:${ways.map(escaped).join('|')})`,
    )
    .join('');
  return spelling.length <= wordCharsMax ? `${wordBegins}${pattern}${wordEnds}` : pattern;
}

/** No letter or digit stands before it, unless that ends an escape. */
const wordBegins = '(?:(?<![\\p{L}\\p{N}])|(?<=%[0-9A-Fa-f]{2}|\\\\u[0-9A-Fa-f]{4}|\\\\[bfnrt]))';
const wordEnds = '(?![\\p{L}\\p{N}])';

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);

function withoutBeginning(text: string, spellings: readonly Spelling[]): string {
  // The cut may have split a character, too.
  const whole = text.replace(/\u{FFFD}+$/u, '');
  for (const spelling of spellings) {
    const longest = spelling.reduce(
      (sum, ways) => sum + Math.max(...ways.map(way => way.length)),
      0,
    );
    const last = whole.length - beginningCharsMin;
    for (let at = Math.max(0, whole.length - longest); at <= last; at += 1) {
      if (isBeginning(whole, at, spelling)) return whole.slice(0, at) + hiddenValue;
    }
  }
  return text;
}

/** Whether what begins there, and goes on to the end of the text, is the beginning of the secret. */
function isBeginning(text: string, from: number, spelling: Spelling): boolean {
  let at = from;
  for (const ways of spelling) {
    if (
      ways.some(
        way => way.startsWith(text.slice(at, at + way.length)) && at + way.length >= text.length,
      )
    ) {
      return true;
    }
    const way = ways.find(one => text.startsWith(one, at));
    if (way === undefined) return false;
    at += way.length;
  }
  return false;
}
