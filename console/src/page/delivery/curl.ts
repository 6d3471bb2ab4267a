/** A request as a command for a shell, to send it again by hand. */

export interface CurlRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @example toCurl({ url: 'https://r', headers: {}, body: '{}' }) // "curl --data-raw '{}' 'https://r'" */
export function toCurl({ url, headers, body }: CurlRequest): string {
  const named = Object.entries(headers)
    .filter(([name]) => !/^(content-length|host|connection)$/i.test(name))
    .map(([name, value]) => `--header ${quote(`${name}: ${value}`)}`);
  return ['curl', ...named, `--data-raw ${quote(body)}`, quote(url)].join(' \\\n  ');
}

/** For POSIX shells: nothing within single quotes is special to them but the single quote. */
const quote = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;
