/**
 * Decides which receivers are connected to without the proxy; pure.
 *
 * There is no standard for NO_PROXY; this reads what curl, Go and Python have in common: `*`, a name that stands for
 * itself and all below it (also as `.name` or `*.name`), an address, a range, each with an optional port.
 */
import { facesOf, isWithin, readAddress, readRange } from '../../event/network/address.ts';

/** @param hostname a name, or an address without brackets. */
export type GoesDirect = (hostname: string, port: number) => boolean;

export function readNoProxy(entries: readonly string[]): GoesDirect {
  const rules = entries.map(readEntry);
  return (hostname, port) => rules.some(matches => matches(hostname.toLowerCase(), port));
}

function readEntry(entry: string): GoesDirect {
  const text = entry.trim().toLowerCase();
  if (text === '*') return () => true;
  const range = readRange(text.replace(/^\[(.*)\]$/, '$1'));
  if (range) {
    return hostname => {
      const address = readAddress(hostname);
      return address !== undefined && facesOf(address).some(face => isWithin(face, range));
    };
  }
  const [, host = text, port] = /^(.*):(\d+)$/.exec(text) ?? [];
  if (port !== undefined) {
    const matches = readEntry(host);
    return (hostname, at) => at === Number(port) && matches(hostname, at);
  }
  const name = host.replace(/^\*?\./, '');
  return hostname => {
    const bare = hostname.replace(/\.$/, '');
    return bare === name || bare.endsWith(`.${name}`);
  };
}
