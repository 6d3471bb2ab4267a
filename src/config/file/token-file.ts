/** Where `hookline login` keeps tokens: a JSON object from base URL to token, readable by the user alone. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { isRecord } from '../value/key.ts';

/** Reads the token stored for an API; undefined when there is none. */
export async function readToken(tokenFile: string, url: string): Promise<string | undefined> {
  const token = (await readAll(tokenFile))[url];
  return typeof token === 'string' ? token : undefined;
}

/** Stores a token beside those for other URLs. */
export async function writeToken(tokenFile: string, url: string, token: string): Promise<void> {
  await writeAll(tokenFile, { ...(await readAll(tokenFile)), [url]: token });
}

/** Deletes the token stored for an API, if there is one. */
export async function removeToken(tokenFile: string, url: string): Promise<void> {
  const { [url]: token, ...others } = await readAll(tokenFile);
  if (token !== undefined) await writeAll(tokenFile, others);
}

async function writeAll(tokenFile: string, tokens: object): Promise<void> {
  await mkdir(dirname(tokenFile), { recursive: true, mode: 0o700 });
  const draft = `${tokenFile}.${randomUUID()}`;
  await writeFile(draft, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, tokenFile);
}

async function readAll(tokenFile: string): Promise<Record<string, unknown>> {
  try {
    const content: unknown = JSON.parse(await readFile(tokenFile, 'utf8'));
    return isRecord(content) ? content : {};
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new Error(`${tokenFile} cannot be read; remove it and log in again`, { cause: error });
  }
}
