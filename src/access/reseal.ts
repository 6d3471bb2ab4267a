/** Seals what the operator's former key sealed under the present one, so that the former can be forgotten. */
import { databaseOf, type Store } from '../store/open.ts';
import { replaceSealed, secretsOfOtherKeys, type SealedRow } from '../store/query-secret.ts';
import { keyIdOf, open, seal, UnsealError } from './seal.ts';

export interface Resealed {
  readonly resealed: number;
  /** Sealed with a key that is not at hand; they stay as they are. */
  readonly lost: number;
}

/** Rows read at once. */
const pageMax = 200;

/**
 * Goes through all secrets, a page at a time. Harmless when several processes do it, or somebody changes a secret
 * meanwhile; until it has ended, both keys are needed.
 *
 * @param keys the present one first, 32 bytes each.
 */
export async function resealSecrets(
  store: Store,
  keys: readonly [Buffer, ...Buffer[]],
): Promise<Resealed> {
  const database = databaseOf(store);
  const presentId = keyIdOf(keys[0]);
  let [resealed, lost] = [0, 0];
  let after: string | undefined;
  for (;;) {
    const page: readonly SealedRow[] = await secretsOfOtherKeys(
      database,
      presentId,
      after,
      pageMax,
    );
    for (const row of page) {
      const again = sealAgain(keys, row.sealed);
      if (again === undefined) lost += 1;
      else if (await replaceSealed(database, row, again)) resealed += 1;
    }
    after = page.at(-1)?.id;
    if (page.length < pageMax) return { resealed, lost };
  }
}

function sealAgain(keys: readonly [Buffer, ...Buffer[]], sealed: Buffer): Buffer | undefined {
  try {
    return seal(keys[0], open(keys, sealed));
  } catch (error) {
    if (error instanceof UnsealError) return undefined;
    throw error;
  }
}
