/**
 * Scrubs secrets that stand behind their name without a sign: in a command line, and in a sentence.
 *
 *     mysql --user root --password 'Xw3' db     the new password is Xw3kP
 *
 * A sentence may also be about a secret (`the password is required`, `the token was refused`), so there only what is in quotes or
 * looks like no word is one.
 */
import { closingQuote } from './scrub-pairs.ts';

/** What stands before the name in a command line. */
const FLAG = /(?:^|[\s"'])--?(?:[a-z\d]+[-_])*[a-z\d]*$/i;
const flagCharsMax = 48;
const BARE = /[^\s"'\\,;]+/y;
const QUOTE = /\\*["']/y;
/** At least four characters, letters among them and something that no word of prose has. */
const UNLIKE_PROSE = /^(?=.*[a-z])(?=.*[\d@#$%^&*+=_!~].*\S)\S{4,}$/i;

/** Creates the function that scrubs. @param words patterns of secrets' names. @param mask replaces each secret. */
export function createSpokenScrub(words: string, mask: string): (text: string) => string {
  const beginning = new RegExp(
    `(?:${words})s?[^\\S\\r\\n]{1,8}(is[^\\S\\r\\n]{1,8}|was[^\\S\\r\\n]{1,8})?`,
    'gi',
  );
  return text => {
    if (!/--?\w|\s(?:is|was)\s/i.test(text)) return text;
    let clean = '';
    let from = 0;
    beginning.lastIndex = 0;
    for (let match = beginning.exec(text); match; match = beginning.exec(text)) {
      const start = beginning.lastIndex;
      const isFlag = FLAG.test(text.slice(Math.max(0, match.index - flagCharsMax), match.index));
      const value = match[1] === undefined && !isFlag ? undefined : valueAt(text, start);
      if (value === undefined || !(isFlag ? isArgument(value) : isTold(value))) {
        beginning.lastIndex = match.index + 1;
        continue;
      }
      clean += text.slice(from, value.start) + mask;
      from = value.end;
      beginning.lastIndex = from;
    }
    return clean + text.slice(from);
  };
}

interface SpokenValue {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly start: number;
  readonly end: number;
}

function valueAt(text: string, at: number): SpokenValue | undefined {
  QUOTE.lastIndex = at;
  const quote = QUOTE.exec(text)?.[0];
  if (quote !== undefined) {
    const start = at + quote.length;
    const end = closingQuote(text, start, quote);
    return end > start ? { text: '', isQuoted: true, start, end } : undefined;
  }
  BARE.lastIndex = at;
  const bare = BARE.exec(text)?.[0];
  return bare === undefined
    ? undefined
    : { text: bare, isQuoted: false, start: at, end: at + bare.length };
}

const isArgument = ({ text, isQuoted }: SpokenValue): boolean => isQuoted || !text.startsWith('-');
const isTold = ({ text, isQuoted }: SpokenValue): boolean =>
  isQuoted || UNLIKE_PROSE.test(text.replace(/[.:!?)]+$/, ''));
