/** Seals all secrets with the current key, so that the operator can remove a former one. */
import { databaseOf, type Database, type Store } from '../../store/database.ts';
import {
  listSealedByOthers,
  replaceSealed,
  sealedTables,
  type SealedRow,
  type SealedTable,
} from '../../store/access/sealed.ts';
import { keyIdOf, open, seal, UnsealError } from './seal.ts';

export interface Resealed {
  readonly resealed: number;
  /** Sealed with a key that is not configured; these stay as they are. */
  readonly lost: number;
}

/** Rows read at a time. */
const pageMax = 200;

type Keys = readonly [Buffer, ...Buffer[]];

/**
 * Goes through all sealed secrets, a page at a time. Safe when several processes do it at once, or a secret changes in the
 * meantime. Both keys are needed until it has finished.
 *
 * @param keys 32 bytes each, the current one first.
 */
export async function resealSecrets(store: Store, keys: Keys): Promise<Resealed> {
  const done = { resealed: 0, lost: 0 };
  for (const table of sealedTables) {
    const { resealed, lost } = await resealTable(databaseOf(store), table, keys);
    done.resealed += resealed;
    done.lost += lost;
  }
  return done;
}

async function resealTable(database: Database, table: SealedTable, keys: Keys): Promise<Resealed> {
  const keyId = keyIdOf(keys[0]);
  let [resealed, lost] = [0, 0];
  let after: string | undefined;
  for (;;) {
    const query = { table, keyId, after, limit: pageMax };
    const page: readonly SealedRow[] = await listSealedByOthers(database, query);
    for (const row of page) {
      const again = sealAgain(keys, row.sealed);
      if (again === undefined) lost += 1;
      else if (await replaceSealed(database, table, row, again)) resealed += 1;
    }
    after = page.at(-1)?.id;
    if (page.length < pageMax) return { resealed, lost };
  }
}

function sealAgain(keys: Keys, sealed: Buffer): Buffer | undefined {
  try {
    return seal(keys[0], open(keys, sealed));
  } catch (error) {
    if (error instanceof UnsealError) return undefined;
    throw error;
  }
}
