/** Folders of `.cache` that are there whole or not at all, also when several runs make the same one. */
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const cache = resolve(import.meta.dirname, '../../.cache/matrix');

/**
 * Gives the folder of that name, made by `make` when it is not there yet.
 *
 * @param make fills the empty folder it is given. What it throws is thrown, and nothing stays.
 */
export async function getWhole(
  name: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(cache, name);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'draft-'));
  try {
    await make(draft);
    await rename(draft, folder);
  } catch (error) {
    if (!(await exists(folder))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
