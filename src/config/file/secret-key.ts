/** The key that encrypts webhooks' secrets, kept beside the embedded database that holds them. */
import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ConfigError } from '../../event/errors.ts';

const keyBytes = 32;

/**
 * The key in `<dataDir>/secret-key`, made on first use and readable by the user alone.
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
  /** Undefined when the file holds something else than a key. */
  readonly key: Buffer | undefined;
  /** Somebody else than the user may read it. */
  readonly isOpen: boolean;
}

/** What is in `<dataDir>/secret-key`; undefined when it is not there. @throws when it may not be read. */
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

/** Whole or not at all, and only when it is missing, also when two processes start at once. */
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
