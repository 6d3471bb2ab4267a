/** Reads the PEM files a source's TLS keys name. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { TlsConfig } from './config.ts';
import type { Report } from './problem.ts';
import type { RawTls } from './source-schema.ts';

/**
 * The TLS options, or undefined when no key of the section departs from its default.
 *
 * @param path of the section in problems, such as `amqp.tls`.
 */
export function readTls(
  { caFile, certFile, keyFile, serverName, verify }: RawTls,
  path: string,
  cwd: string,
  report: Report,
): TlsConfig | undefined {
  const files = [caFile, certFile, keyFile];
  if (files.every(file => file === null) && serverName === null && verify) return undefined;
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
    rejectUnauthorized: verify,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== null && { servername: serverName }),
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
