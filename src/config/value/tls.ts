/** Reads the PEM files that TLS keys name. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Report } from '../load/problem.ts';

/** The part of node:tls's ConnectionOptions that can be configured; PEM text, not paths. */
export interface TlsConfig {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name the certificate must carry; absent: the host connected to. */
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** What convict holds of a section `tls`; paths, not PEM text. */
export interface RawTls {
  caFile: string | null;
  certFile: string | null;
  keyFile: string | null;
  serverName: string | null;
  verify: boolean;
}

/**
 * The TLS options, or undefined when no key of the section departs from its default.
 *
 * @param path of the section in problems, such as `amqp.tls`.
 */
export function readTls(
  { serverName, verify, ...files }: RawTls,
  path: string,
  cwd: string,
  report: Report,
): TlsConfig | undefined {
  const { caFile, certFile, keyFile } = files;
  const isBare = [caFile, certFile, keyFile, serverName].every(value => value === null);
  if (isBare && verify) return undefined;
  return {
    rejectUnauthorized: verify,
    ...readPems(files, path, cwd, report),
    ...(serverName !== null && { servername: serverName }),
  };
}

/** @param path of the section in problems, such as `egress.tls`. */
export function readPems(
  { caFile, certFile, keyFile }: Pick<RawTls, 'caFile' | 'certFile' | 'keyFile'>,
  path: string,
  cwd: string,
  report: Report,
): Pick<TlsConfig, 'ca' | 'cert' | 'key'> {
  if ((certFile === null) !== (keyFile === null)) {
    const missing = certFile === null ? 'certFile' : 'keyFile';
    report.problems.push(
      `${path}.${missing} (${report.origin(`${path}.${missing}`)}): null: expected certFile and keyFile together`,
    );
  }
  const read = (name: string, file: string | null): string | undefined =>
    file === null ? undefined : readPem(`${path}.${name}`, resolve(cwd, file), report);
  const ca = read('caFile', caFile);
  const cert = read('certFile', certFile);
  const key = read('keyFile', keyFile);
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

/** @param path of the key in problems. */
export function readPem(path: string, file: string, report: Report): string | undefined {
  const refuse = (expected: string): undefined => {
    report.problems.push(
      `${path} (${report.origin(path)}): ${JSON.stringify(file)}: expected ${expected}`,
    );
  };
  try {
    const text = readFileSync(file, 'utf8');
    return text.includes('-----BEGIN ') ? text : refuse('a PEM file');
  } catch (error) {
    return refuse(`a file that can be read (${errorCode(error)})`);
  }
}

const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);
