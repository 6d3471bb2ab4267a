/** Findings about this machine: the data directory, the key that encrypts secrets, the port to listen on. */
import { once } from 'node:events';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';

import fetch from 'node-fetch';

import type { TriedSecrets } from '../access/secret/try-secrets.ts';
import type { SecretKeyFile } from '../config/file/secret-key.ts';
import type { Finding } from '../event/finding.ts';

type Found = Omit<Finding, 'check'>;

const bytesMin = 1024 ** 3;

/** Checks that the data directory can be written and has space. @param isUsed whether the embedded database is there. */
export async function inspectDataDir(dataDir: string, isUsed: boolean): Promise<readonly Found[]> {
  if (!isUsed) return [{ state: 'ok', found: `${dataDir} is not used: database.url is set` }];
  const place = await nearestExisting(dataDir);
  const isThere = place === dataDir;
  await access(place, constants.W_OK);
  const { bavail, bsize } = await statfs(place);
  const gib = ((bavail * bsize) / bytesMin).toFixed(1);
  const found = isThere
    ? `${dataDir} is writable, ${gib} GiB are free`
    : `${dataDir} does not exist yet; \`hookline serve\` creates it, ${gib} GiB are free`;
  if (bavail * bsize >= bytesMin) return [{ state: 'ok', found }];
  return [
    {
      state: 'warn',
      found,
      hint: 'Free some space: when the disk is full, no event can be recorded.',
    },
  ];
}

/** The nearest existing directory: the path itself, or one above it. */
async function nearestExisting(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    const parent = dirname(path);
    if (parent === path) throw error;
    return nearestExisting(parent);
  }
}

/** @param file undefined when there is no file, `null` when the key is configured and needs none. */
export function judgeKey(file: SecretKeyFile | undefined | null): readonly Found[] {
  if (file === null) return [{ state: 'ok', found: 'HOOKLINE_SECRET_KEY is 32 bytes' }];
  if (!file) {
    return [
      {
        state: 'warn',
        found: 'no key exists yet',
        hint: '`hookline serve` generates one in the data directory; back it up together with the database.',
      },
    ];
  }
  const { path, key, isOpen } = file;
  if (!key) {
    return [
      {
        state: 'fail',
        found: `${path} is not 32 bytes in base64`,
        hint: 'Restore it from a backup: without it, all stored secrets are lost.',
      },
    ];
  }
  if (!isOpen) return [{ state: 'ok', found: `${path} is 32 bytes` }];
  return [
    {
      state: 'warn',
      found: `${path} can be read by others than its owner`,
      hint: `chmod 600 ${path}`,
    },
  ];
}

export function judgeSecrets({ opened, former, lost, reason }: TriedSecrets): Found {
  if (lost > 0) {
    return {
      state: 'fail',
      found: `${lost} of ${opened + lost} stored secrets cannot be decrypted: ${reason}`,
      hint: 'Set HOOKLINE_SECRET_KEY or, after a rotation, HOOKLINE_SECRET_KEY_PREVIOUS to the key they were encrypted with.',
    };
  }
  const older = former === 0 ? '' : `, ${former} of them with the previous key`;
  return { state: 'ok', found: `all ${opened} stored secrets can be decrypted${older}` };
}

const askMs = 3_000;

/** Checks whether Hookline already answers at the address, or else could listen there. */
export async function inspectPort(
  { host, port }: { readonly host: string; readonly port: number },
  url: string,
): Promise<readonly Found[]> {
  const said = await askHealth(url);
  const at = `${host}:${port}`;
  if (said !== undefined) return judgeHealth(at, said);
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return [{ state: 'ok', found: `${at} is free` }];
  } catch (error) {
    return [
      { state: 'fail', found: `cannot listen on ${at}: ${codeOf(error)}`, hint: hintFor(error) },
    ];
  } finally {
    server.close();
  }
}

/** What `/readyz` says, as far as it matters here. */
interface Health {
  readonly status: string;
  readonly database?: unknown;
  readonly sources?: readonly {
    readonly name: string;
    readonly state: string;
    readonly reason?: string;
  }[];
}

function judgeHealth(at: string, { status, database, sources = [] }: Health): readonly Found[] {
  const said: Found = {
    state: status === 'ready' ? 'ok' : 'warn',
    found: `Hookline answers at ${at}: ${status}${database === 'ok' ? '' : `, database ${String(database)}`}`,
  };
  const waiting = sources.filter(({ state }) => state !== 'running' && state !== 'paused');
  return [
    said,
    ...waiting.map(({ name, state, reason = '' }): Found => ({
      state: 'warn',
      found: `there, the source ${name} is ${state}: ${reason}`,
    })),
  ];
}

/** Undefined when nothing, or something else, answers. */
async function askHealth(url: string): Promise<Health | undefined> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(askMs) });
    const health: Partial<Health> = Object(await answer.json());
    const { status } = health;
    return typeof status === 'string' ? { ...health, status } : undefined;
  } catch {
    // Nothing answers, or not in Hookline's format; the caller checks next whether the port is free.
    return undefined;
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

function hintFor(error: unknown): string {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return 'Something else listens there: choose another HOOKLINE_HTTP_PORT, or stop it.';
    case 'EADDRNOTAVAIL':
      return 'HOOKLINE_HTTP_HOST is not an address of this machine.';
    case 'EACCES':
      return 'Ports below 1024 require a privilege: choose another HOOKLINE_HTTP_PORT.';
    default:
      return 'Choose another HOOKLINE_HTTP_HOST or HOOKLINE_HTTP_PORT.';
  }
}
