/** Seals what the operator's former key sealed under the present one, so that the former can be forgotten. */
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
  /** Sealed with a key that is not at hand; they stay as they are. */
  readonly lost: number;
}

/** Rows read at once. */
const pageMax = 200;

type Keys = readonly [Buffer, ...Buffer[]];

/**
 * Goes through all that is sealed, a page at a time. Harmless when several processes do it, or somebody changes a
 * secret meanwhile; until it has ended, both keys are needed.
 *
 * @param keys the present one first, 32 bytes each.
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
