/**
 * Scrubs the passwords in URLs, also those that nobody encoded:
 *
 *     rbd://admin:AQBt@mon.example.org/pool              rabbit://nova:Xw3@mq-1:5672,nova:Xw3@mq-2:5672/
 *     smb://bob:p@ss/Word 7@CORP\\nas.example.org        the share's path follows behind a U+0000
 *
 * A password ends at the last `@`: whoever writes one without encoding it reads it so. Digits before a `/` are a port.
 * The time is linear in the length of the text, whatever it holds.
 *
 * Source: vatesfr/xen-orchestra, packages/xo-remote-parser (smb); RFC 3986, section 3.2; openstack/oslo.messaging, TransportURL.
 */

/** Maximum length of the schemes that are told apart, and of what stands before them. */
const schemeCharsMax = 8;
/** Samba's URLs, of which every character up to the last `@` may belong to the password, a blank or a slash too. */
const UNENCODED = /(?:^|[^a-z\d+.-])(?:smb|cifs)$/i;
/** What stands behind the colon is a path. */
const WITHOUT_PASSWORD = /(?:^|[^a-z\d+.-])(?:nfs|file)$/i;
const USER = /[^\s/:"'[\0]*:/y;
const UNENCODED_USER = /[^:\r\n\0]*:/y;
const PORT = /\d{1,5}(?:[^\w@%!$&*+=~.-]|$)/y;

/** A quote ends something only before these: a password may have quotes in it, too. */
const CLOSING_QUOTE = String.raw`["'](?=[\s,:;)\]}>\\]|$)`;
/** What stands behind a scheme; JSON may escape slashes, and JSON in JSON escapes the escapes. */
const SLASHES = String.raw`:\\{0,15}/\\{0,15}/`;
/** What ends a URL, and what is of interest in it. */
const IN_URL = new RegExp(`[\\0-\\x20\\xa0]|${CLOSING_QUOTE}|@|${SLASHES}`, 'g');
/** The same for one that ends with its line, or with a U+0000, which JSON escapes. */
const IN_LINE = new RegExp(`[\\0\\r\\n]|\\\\u0000|${CLOSING_QUOTE}|@|${SLASHES}`, 'g');

/** A piece of the text in which a URL may lie. `at` is where its last `@` stands, -1 without one. */
interface Run {
  readonly end: number;
  readonly at: number;
}

/** Scrubs text. @param mask replaces each password. */
export function scrubUrls(text: string, mask: string): string {
  const runAt = createRuns(text, IN_URL);
  const lineAt = createRuns(text, IN_LINE);
  let clean = '';
  let from = 0;
  const slashes = new RegExp(SLASHES, 'g');
  for (let match = slashes.exec(text); match; match = slashes.exec(text)) {
    const scheme = text.slice(Math.max(from, match.index - schemeCharsMax), match.index);
    const isUnencoded = UNENCODED.test(scheme);
    const found = slashes.lastIndex;
    if (WITHOUT_PASSWORD.test(scheme)) continue;
    const start = endOf(isUnencoded ? UNENCODED_USER : USER, text, found);
    if (start === undefined) continue;
    if (!isUnencoded && endOf(PORT, text, start) !== undefined) continue;
    const { at } = (isUnencoded ? lineAt : runAt)(start);
    if (at <= start) continue;
    clean += text.slice(from, start) + mask;
    from = at;
    slashes.lastIndex = at;
  }
  return clean + text.slice(from);
}

function endOf(sticky: RegExp, text: string, from: number): number | undefined {
  sticky.lastIndex = from;
  return sticky.test(text) ? sticky.lastIndex : undefined;
}

/**
 * Finds the run that a place lies in. Each run is walked once: without an `@` in it, none of the URLs in it has a password.
 */
function createRuns(text: string, pattern: RegExp) {
  let run: Run = { end: 0, at: -1 };
  return (start: number): Run => {
    if (start >= run.end) run = walk(start);
    return run;
  };

  function walk(start: number): Run {
    let last = -1;
    pattern.lastIndex = start;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      if (match[0] === '@') last = match.index;
      else if (!match[0].startsWith(':') || last !== -1) return { end: match.index, at: last };
    }
    return { end: text.length, at: last };
  }
}
