/** The services that Hookline itself depends on, and itself: no webhook may be pointed at them. */
import type { Config } from '../../config/config.ts';
import type { SourceConfig } from '../../config/source/source.ts';
import type { ProtectedService } from './guard.ts';

/** Lists the services. @param databaseUrl of the database in use: the embedded one's is in no configuration. */
export function protectedServices(
  { sources, http }: Pick<Config, 'sources' | 'http'>,
  databaseUrl: string,
): ProtectedService[] {
  return [
    ...atItself(http),
    ...atUrl('the database', databaseUrl, 5_432),
    ...sources.flatMap(source => atBrokers(`the broker of source ${source.name}`, source)),
  ];
}

/**
 * Where Hookline takes requests: an event that a webhook brings back to it would be delivered again, without end. The public
 * URL is that of a proxy in front of it, at whose address other things may be, so there its name alone counts.
 */
function atItself({ host, port, publicUrl }: Config['http']): ProtectedService[] {
  const [own] = publicUrl === undefined ? [] : atUrl('this Hookline', publicUrl, portOf(publicUrl));
  return [
    ...(port > 0 ? [{ name: 'this Hookline', host, port }] : []),
    ...(own ? [{ ...own, isName: true as const }] : []),
  ];
}

const portOf = (url: string): number => (url.startsWith('https:') ? 443 : 80);

function atBrokers(name: string, source: SourceConfig): ProtectedService[] {
  switch (source.kind) {
    case 'rabbitmq':
      return [
        ...atUrl(name, source.url, source.url.startsWith('amqps:') ? 5_671 : 5_672),
        ...atManagement(name, source.managementUrl),
      ];
    case 'kafka':
      return source.brokers.flatMap(broker => atUrl(name, `kafka://${broker}`, 9_092));
    case 'http':
      return [];
  }
}

function atManagement(name: string, url: string | undefined): ProtectedService[] {
  if (url === undefined) return [];
  return atUrl(`the management API of ${name}`, url, portOf(url));
}

/**
 * Reads the services at a URL; none for a local socket. PostgreSQL's URLs may name host and port as parameters, which
 * take precedence.
 *
 * Source: libpq, "Connection URIs"; pg-connection-string.
 */
function atUrl(name: string, text: string, defaultPort: number): ProtectedService[] {
  const url = URL.parse(text);
  if (!url) return [];
  const { searchParams } = url;
  const hosts = [url.hostname, searchParams.get('host') ?? ''].filter(
    host => host !== '' && !host.startsWith('/'),
  );
  const ports = [url.port, searchParams.get('port') ?? ''].map(Number).filter(port => port > 0);
  return hosts.flatMap(host =>
    (ports.length === 0 ? [defaultPort] : ports).map(port => ({
      name,
      host: host.replace(/^\[(.*)\]$/, '$1'),
      port,
    })),
  );
}
