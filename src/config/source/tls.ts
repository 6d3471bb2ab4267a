/** TLS to a broker: the keys of a section `tls`, and what they build. */
import { readPems } from '../file/pem.ts';
import type { Pems } from '../file/pem.ts';
import type { Report } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';

export const tlsKeys = {
  caFile: {
    doc: "PEM file of certificate authorities, or of the broker's own certificate, to trust instead of the system's authorities.",
    kind: 'text',
    optional: true,
  },
  certFile: {
    doc: 'PEM file of the client certificate; requires keyFile.',
    kind: 'text',
    optional: true,
  },
  keyFile: {
    doc: 'PEM file of the private key of certFile.',
    kind: 'text',
    optional: true,
  },
  serverName: {
    doc: "Host name that the broker's certificate must carry, if it differs from the host connected to.",
    kind: 'text',
    optional: true,
  },
  verify: {
    doc: "Whether to verify the broker's certificate.",
    kind: 'flag',
    default: true,
  },
} as const satisfies Section;

/** The options of `tls.connect` that can be configured. */
export interface TlsConfig extends Pems {
  /** Host name that the certificate must carry; absent: the host connected to. */
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/**
 * Builds the TLS options; undefined when all keys of the section have their default.
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
    // The key is left out, not undefined: kafkajs spreads these options over its own servername.
    ...(serverName !== undefined && { servername: serverName }),
  };
}
