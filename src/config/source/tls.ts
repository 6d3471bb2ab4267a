/** The keys of TLS to a broker, and what they make. */
import { readPems } from '../file/pem.ts';
import type { Pems } from '../file/pem.ts';
import type { Report } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';

export const tlsKeys = {
  caFile: {
    doc: "PEM file of the authorities to trust instead of the system's.",
    kind: 'text',
    optional: true,
  },
  certFile: {
    doc: 'PEM file of the client certificate; goes with keyFile.',
    kind: 'text',
    optional: true,
  },
  keyFile: {
    doc: "PEM file of the client certificate's key.",
    kind: 'text',
    optional: true,
  },
  serverName: {
    doc: "Name the broker's certificate must carry, where it is not the host connected to.",
    kind: 'text',
    optional: true,
  },
  verify: {
    doc: "Check the broker's certificate.",
    kind: 'flag',
    default: true,
  },
} as const satisfies Section;

/** The part of node:tls's ConnectionOptions that can be configured. */
export interface TlsConfig extends Pems {
  /** The name the certificate must carry; absent: the host connected to. */
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/**
 * The TLS options, or undefined when no key of the section departs from its default.
 *
 * @param path of the section in problems, such as `amqp.tls`.
 */
export function readTls(
  { serverName, verify, ...files }: ValueOf<typeof tlsKeys>,
  path: string,
  cwd: string,
  report: Report,
): TlsConfig | undefined {
  const { caFile, certFile, keyFile } = files;
  const isBare = [caFile, certFile, keyFile, serverName].every(value => value === undefined);
  if (isBare && verify) return undefined;
  return {
    rejectUnauthorized: verify,
    ...readPems(files, path, cwd, report),
    // Clients spread these over the name they have of the host, which an undefined one would take away.
    ...(serverName !== undefined && { servername: serverName }),
  };
}
