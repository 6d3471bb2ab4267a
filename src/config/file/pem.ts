/** Reads PEM files that keys of the configuration name. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { refuse } from '../load/problem.ts';
import type { Report } from '../load/problem.ts';

/** Certificates and a key, as PEM text. */
export interface Pems {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Paths of the PEM files, absolute or from the working directory. */
export interface PemFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/**
 * Reads the files of a `tls` section; a certificate needs its key.
 *
 * @param path of the section in problems, such as `egress.tls`.
 */
export function readPems(
  { caFile, certFile, keyFile }: PemFiles,
  path: string,
  cwd: string,
  report: Report,
): Pems {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const missing = certFile === undefined ? 'certFile' : 'keyFile';
    refuse(report, `${path}.${missing}`, 'null: expected certFile and keyFile together');
  }
  const read = (name: string, file: string | undefined): string | undefined =>
    readPem(file, `${path}.${name}`, cwd, report);
  return {
    ca: read('caFile', caFile),
    cert: read('certFile', certFile),
    key: read('keyFile', keyFile),
  };
}

/**
 * Reads one PEM file; undefined when none is named, or when a problem with it was reported.
 *
 * @param path of the key in problems, such as `oidc.caFile`.
 */
export function readPem(
  file: string | undefined,
  path: string,
  cwd: string,
  report: Report,
): string | undefined {
  if (file === undefined) return undefined;
  const found = resolve(cwd, file);
  const refuseFile = (expected: string): undefined => {
    refuse(report, path, `${JSON.stringify(found)}: expected ${expected}`);
  };
  try {
    const text = readFileSync(found, 'utf8');
    return text.includes('-----BEGIN ') ? text : refuseFile('a PEM file');
  } catch (error) {
    return refuseFile(`a file that can be read (${errorCode(error)})`);
  }
}

const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);
