/** The key that encrypts webhooks' secrets, kept beside the embedded database that holds them. */
import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ConfigError } from '../../event/errors.ts';

const keyBytes = 32;

/**
 * Reads the key in `<dataDir>/secret-key`; creates it on first use, readable by the user alone.
 *
 * @throws {ConfigError} when the file holds something else: a lost key is never replaced, because every secret
 *   sealed with it would be lost too.
 */
export async function readOrCreateSecretKey(dataDir: string): Promise<Buffer> {
  const path = pathOf(dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await createOnce(path, `${randomBytes(keyBytes).toString('base64')}\n`);
  const key = await readKey(path);
  if (key !== undefined) return key;
  throw new ConfigError([
    `${path}: expected ${keyBytes} bytes in base64; restore it from a backup`,
  ]);
}

export interface SecretKeyFile {
  readonly path: string;
  /** 32 bytes; undefined when the file holds something other than a key. */
  readonly key: Buffer | undefined;
  /** Whether the file's mode lets anybody but its owner read it. */
  readonly isOpen: boolean;
}

/** Reads `<dataDir>/secret-key` for inspection; undefined when there is no such file. @throws when it may not be read. */
export async function findSecretKey(dataDir: string): Promise<SecretKeyFile | undefined> {
  const path = pathOf(dataDir);
  try {
    const { mode } = await stat(path);
    return { path, key: await readKey(path), isOpen: (mode & 0o077) !== 0 };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const pathOf = (dataDir: string): string => join(dataDir, 'secret-key');

async function readKey(path: string): Promise<Buffer | undefined> {
  const key = Buffer.from(await readFile(path, 'utf8'), 'base64');
  return key.length === keyBytes ? key : undefined;
}

/** Creates the file with its whole content, unless it exists; safe when two processes start at once. */
async function createOnce(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
