/** This machine: the data directory, the key that seals secrets, the port to listen on. */
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

/** @param isUsed whether the embedded database lives there. */
export async function inspectDataDir(dataDir: string, isUsed: boolean): Promise<readonly Found[]> {
  if (!isUsed) return [{ state: 'ok', found: `${dataDir} is not used: database.url is set` }];
  const place = await firstThatIs(dataDir);
  const isThere = place === dataDir;
  await access(place, constants.W_OK);
  const { bavail, bsize } = await statfs(place);
  const gib = ((bavail * bsize) / bytesMin).toFixed(1);
  const found = isThere
    ? `${dataDir} can be written, ${gib} GiB are free`
    : `${dataDir} is not there yet; \`hookline serve\` makes it, ${gib} GiB are free`;
  if (bavail * bsize >= bytesMin) return [{ state: 'ok', found }];
  return [{ state: 'warn', found, hint: 'Make room: when the disk is full, nothing is taken in.' }];
}

async function firstThatIs(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    const parent = dirname(path);
    if (parent === path) throw error;
    return firstThatIs(parent);
  }
}

/** @param file undefined when it is not there, `null` when the key is configured and no file is asked. */
export function judgeKey(file: SecretKeyFile | undefined | null): readonly Found[] {
  if (file === null) return [{ state: 'ok', found: 'HOOKLINE_SECRET_KEY is 32 bytes' }];
  if (!file) {
    return [
      {
        state: 'warn',
        found: 'there is none yet',
        hint: '`hookline serve` makes one in the data directory; back it up with the database.',
      },
    ];
  }
  const { path, key, isOpen } = file;
  if (!key) {
    return [
      {
        state: 'fail',
        found: `${path} is not 32 bytes in base64`,
        hint: 'Restore it from a backup: without it every secret is lost.',
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
      found: `${lost} of ${opened + lost} stored secrets cannot be opened: ${reason}`,
      hint: 'Set HOOKLINE_SECRET_KEY to the key they were sealed with, or the former one as HOOKLINE_SECRET_KEY_PREVIOUS.',
    };
  }
  const older = former === 0 ? '' : `, ${former} of them with the former key`;
  return { state: 'ok', found: `all ${opened} stored secrets can be opened${older}` };
}

const askMs = 3_000;

/** Whether Hookline answers there already, or could listen. */
export async function inspectPort(
  { host, port }: { readonly host: string; readonly port: number },
  url: string,
): Promise<readonly Found[]> {
  const said = await askHealth(url);
  const at = `${host}:${port}`;
  if (said !== undefined) return [{ state: 'ok', found: `Hookline answers at ${at}: ${said}` }];
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return [{ state: 'ok', found: `${at} is free` }];
  } catch (error) {
    return [
      { state: 'fail', found: `cannot listen at ${at}: ${codeOf(error)}`, hint: hintFor(error) },
    ];
  } finally {
    server.close();
  }
}

/** What Hookline says of its health; undefined when nobody, or somebody else, answers. */
async function askHealth(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(askMs) });
    const { status }: { status?: unknown } = Object(await answer.json());
    return typeof status === 'string' ? status : undefined;
  } catch {
    // Nothing there, or nothing that speaks our language: whether the port is free is asked next.
    return undefined;
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

function hintFor(error: unknown): string {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return 'Something else listens there: choose another HOOKLINE_HTTP_PORT, or end it.';
    case 'EADDRNOTAVAIL':
      return 'HOOKLINE_HTTP_HOST is no address of this machine.';
    case 'EACCES':
      return 'Ports below 1024 need a privilege: choose another HOOKLINE_HTTP_PORT.';
    default:
      return 'Choose another HOOKLINE_HTTP_HOST or HOOKLINE_HTTP_PORT.';
  }
}
