/**
 * The built files of the console. What there is, is listed once; a path that is not in the list is not looked for, so no
 * request reaches outside of the folder. Each file is read and compressed when it is first asked for, and then kept: all
 * of them together are smaller than one page of deliveries.
 */
import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface BuiltFile {
  readonly bytes: Buffer;
  /** The same, compressed; absent where that saves nothing. */
  readonly gzipped?: Buffer;
  readonly mediaType: string;
  readonly etag: string;
  /** Whether the name changes with the content. */
  readonly isHashed: boolean;
}

export interface BuiltFiles {
  /** @param path without a leading slash: `index.html`, `assets/main-Bx3k.js`. Undefined when there is no such file. */
  readonly read: (path: string) => Promise<BuiltFile | undefined>;
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

const compress = promisify(gzip);

/** @param folder the build's output. Without it, or with nothing in it, there are no files. */
export function openBuiltFiles(folder: string): BuiltFiles {
  const paths = new Set(listFiles(folder));
  const read = new Map<string, Promise<BuiltFile>>();
  return {
    read: async path => {
      if (!paths.has(path)) return undefined;
      const file = read.get(path) ?? readBuilt(folder, path);
      read.set(path, file);
      return file;
    },
  };
}

function listFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && extname(entry.name) in mediaTypes)
      .map(entry => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function readBuilt(folder: string, path: string): Promise<BuiltFile> {
  const bytes = await readFile(join(folder, path));
  const gzipped = await compress(bytes, { level: 9 });
  return {
    bytes,
    ...(gzipped.length < bytes.length && { gzipped }),
    mediaType: mediaTypes[extname(path)] ?? 'application/octet-stream',
    etag: `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`,
    isHashed: path.startsWith('assets/'),
  };
}
