/** Checks whether all sealed secrets can be opened, for `hookline doctor`. Their contents are discarded. */
import type { Database } from '../../store/database.ts';
import {
  listSealed,
  sealedTables,
  type SealedRow,
  type SealedTable,
} from '../../store/access/sealed.ts';
import { keyIdOf, open, UnsealError } from './seal.ts';

export interface TriedSecrets {
  readonly opened: number;
  /** Opened with a former key; a running Hookline seals them anew. */
  readonly former: number;
  /** Sealed with a key that is not configured. */
  readonly lost: number;
  /** Why the first of those could not be opened. */
  readonly reason?: string;
}

/** Rows read at a time. */
const pageMax = 500;

/** @param keys 32 bytes each, the current one first. */
export async function trySecrets(
  database: Database,
  keys: readonly [Buffer, ...Buffer[]],
): Promise<TriedSecrets> {
  const present = keyIdOf(keys[0]);
  let [opened, former, lost] = [0, 0, 0];
  let reason: string | undefined;
  for (const table of sealedTables) {
    for await (const { sealed } of everyRow(database, table)) {
      const error = openingError(keys, sealed);
      reason ??= error;
      if (error !== undefined) lost += 1;
      else opened += 1;
      if (error === undefined && !sealed.subarray(1, 1 + present.length).equals(present))
        former += 1;
    }
  }
  return { opened, former, lost, reason };
}

async function* everyRow(database: Database, table: SealedTable): AsyncGenerator<SealedRow> {
  let after: string | undefined;
  for (;;) {
    const page: readonly SealedRow[] = await listSealed(database, { table, after, limit: pageMax });
    yield* page;
    after = page.at(-1)?.id;
    if (page.length < pageMax) return;
  }
}

function openingError(keys: readonly Buffer[], sealed: Buffer): string | undefined {
  try {
    open(keys, sealed);
    return undefined;
  } catch (error) {
    if (error instanceof UnsealError) return error.message;
    throw error;
  }
}
