/**
 * The system's files about names: `/etc/hosts`, and the search list of `/etc/resolv.conf`. They are read again when they change.
 *
 * Source: hosts(5), resolv.conf(5).
 */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

import type { ResolvedAddress } from '../guard.ts';

export interface NameFiles {
  /** The addresses that the file of hosts has for a name; none where it does not have it. */
  readonly hosts: () => ReadonlyMap<string, readonly ResolvedAddress[]>;
  readonly search: () => SearchList;
}

export interface SearchList {
  readonly domains: readonly string[];
  /** The number of dots from which on a name is asked for as it is before the domains are tried. */
  readonly ndots: number;
}

export const openNameFiles = (
  hosts = '/etc/hosts',
  resolvConf = '/etc/resolv.conf',
): NameFiles => ({
  hosts: readAgain(hosts, parseHosts),
  search: readAgain(resolvConf, parseSearch),
});

/** Reads and parses a file when it is asked for and has changed; one that cannot be read counts as empty. */
function readAgain<T>(path: string, parse: (text: string) => T): () => T {
  let known: { readonly changed: number; readonly parsed: T } | undefined;
  return () => {
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (known?.changed !== changed) {
      known = { changed, parsed: parse(changed === 0 ? '' : readFileSync(path, 'utf8')) };
    }
    return known.parsed;
  };
}

export function parseHosts(text: string): ReadonlyMap<string, readonly ResolvedAddress[]> {
  const hosts = new Map<string, ResolvedAddress[]>();
  for (const [address = '', ...names] of rows(text)) {
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of new Set(names.map(one => one.toLowerCase()))) {
      const known = hosts.get(name);
      if (known) known.push({ address, family });
      else hosts.set(name, [{ address, family }]);
    }
  }
  return hosts;
}

export function parseSearch(text: string): SearchList {
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const [keyword, ...values] of rows(text)) {
    if (keyword === 'search') domains = values;
    else if (keyword === 'domain') domains = values.slice(0, 1);
    else if (keyword === 'options') {
      const given = values.findLast(value => /^ndots:\d+$/.test(value));
      if (given !== undefined) ndots = Math.min(Number(given.slice('ndots:'.length)), 15);
    }
  }
  return { domains, ndots };
}

const rows = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .map(line => line.replace(/[#;].*/, '').trim())
    .filter(line => line !== '')
    .map(line => line.split(/\s+/));

/** The names to ask for, one after the other, until one has an address. */
export function candidates(name: string, { domains, ndots }: SearchList): readonly string[] {
  if (name.endsWith('.')) return [name];
  const longer = domains.map(domain => `${name}.${domain}`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...longer] : [...longer, name];
}
