/** Finds, creates and imports domains and accounts, both in the same way. */
import type { Database, Store } from '../../store/database.ts';
import { findAccount, upsertAccounts } from '../../store/directory/account.ts';
import {
  adoptRootDomain,
  findDomain,
  findRootDomain,
  findMissingDomains,
  upsertDomains,
} from '../../store/directory/domain.ts';
import type { AccountRow, AccountValues } from '../../store/directory/account.ts';
import type { DomainRow, Upserted } from '../../store/directory/domain.ts';
import { everything } from '../../store/sql/visibility.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import type { Caller } from '../http/authenticate.ts';
import { changing } from '../http/changing.ts';
import { ProblemError } from '../http/problem.ts';
import { orderDomains } from './order-domains.ts';
import type { ImportedDomain } from './order-domains.ts';

/** The differences between domains and accounts. */
export interface Directory<Row, Values> {
  readonly kind: 'domain' | 'account';
  readonly find: (
    database: Database,
    id: string,
    visibility: Visibility,
  ) => Promise<Row | undefined>;
  /** Puts an import into an order in which it can be written. @throws {ProblemError} request_invalid */
  readonly order: (items: readonly Values[]) => readonly Values[];
  /** @throws {ProblemError} domain_invalid, request_invalid */
  readonly write: (database: Database, items: readonly Values[]) => Promise<Upserted>;
  /** The owner of a row, for the audit. */
  readonly ownerOf: (row: Row) => { readonly accountId?: string; readonly domainId: string };
}

interface Entry {
  readonly id: string;
}

export const domainDirectory: Directory<DomainRow, ImportedDomain> = {
  kind: 'domain',
  find: findDomain,
  order: items => {
    const { domains, errors } = orderDomains(items);
    if (errors.length === 0) return domains;
    throw new ProblemError('request_invalid', 'The domains do not form a tree.', errors);
  },
  write: writeDomains,
  ownerOf: ({ id }) => ({ domainId: id }),
};

export const accountDirectory: Directory<AccountRow, AccountValues> = {
  kind: 'account',
  find: findAccount,
  order: items => items,
  write: writeAccounts,
  ownerOf: ({ id, domainId }) => ({ accountId: id, domainId }),
};

/** @throws {ProblemError} not_found */
export async function requireEntry<Row, Values>(
  { kind, find }: Directory<Row, Values>,
  database: Database,
  { id, visibility }: Entry & { readonly visibility: Visibility },
): Promise<Row> {
  const entry = await find(database, id, visibility);
  if (!entry) throw new ProblemError('not_found', `There is no ${kind} ${id}.`);
  return entry;
}

/** @throws {ProblemError} name_in_use, domain_invalid */
export async function createEntry<Row extends object, Values extends Entry>(
  directory: Directory<Row, Values>,
  store: Store,
  caller: Caller,
  values: Values,
): Promise<Row> {
  const { kind, find, write, ownerOf } = directory;
  const { id } = values;
  const { after } = await changing(store, caller, `${kind}.created`, async database => {
    if (await find(database, id, everything)) {
      const one = kind === 'account' ? 'an account' : 'a domain';
      throw new ProblemError('name_in_use', `There is ${one} ${id} already.`);
    }
    await write(database, [values]);
    const row = await requireEntry(directory, database, { id, visibility: everything });
    return { objectId: id, ...ownerOf(row), after: row };
  });
  return after;
}

/** Maximum number of ids in the audit of an import, which would otherwise be a copy of the directory. */
const namedMax = 100;

/** @throws {ProblemError} request_invalid, domain_invalid */
export async function importEntries<Row, Values extends Entry>(
  { kind, order, write }: Directory<Row, Values>,
  store: Store,
  caller: Caller,
  items: readonly Values[],
): Promise<Upserted & { readonly unchanged: number }> {
  const ordered = order(items);
  const given = items.length;
  const { after } = await changing(store, caller, `${kind}.imported`, async database => {
    const { created, updated } = await write(database, ordered);
    const first = items.slice(0, namedMax).map(({ id }) => id);
    return { objectId: `${given} ${kind}s`, after: { created, updated, given, first } };
  });
  const { created, updated } = after;
  return { created, updated, unchanged: given - created - updated };
}

const isRoot = ({ name, parentId }: ImportedDomain): boolean =>
  typeof parentId !== 'string' && name.toUpperCase() === 'ROOT';

async function writeDomains(
  database: Database,
  ordered: readonly ImportedDomain[],
): Promise<Upserted> {
  const root = ordered.find(isRoot);
  const adopted = root ? await adoptRootDomain(database, root) : { created: 0, updated: 0 };
  const top = root ?? (await findRootDomain(database));
  if (!top)
    throw new ProblemError(
      'domain_invalid',
      'There is no root domain yet: create the domain ROOT first.',
    );
  const below = ordered
    .filter(domain => domain !== root)
    .map(({ id, name, parentId }) => ({
      id,
      name,
      parentId: id === top.id ? null : (parentId ?? top.id),
    }));
  const known = new Set(ordered.map(({ id }) => id));
  await refuseMissing(
    database,
    below.flatMap(({ parentId }) => (parentId === null || known.has(parentId) ? [] : parentId)),
  );
  const written = await upsertDomains(database, below);
  return {
    created: adopted.created + written.created,
    updated: adopted.updated + written.updated,
  };
}

async function writeAccounts(
  database: Database,
  accounts: readonly AccountValues[],
): Promise<Upserted> {
  if (new Set(accounts.map(({ id }) => id)).size < accounts.length) {
    throw new ProblemError('request_invalid', 'An account is listed more than once.');
  }
  await refuseMissing(
    database,
    accounts.map(({ domainId }) => domainId),
  );
  return upsertAccounts(database, accounts);
}

async function refuseMissing(database: Database, domainIds: readonly string[]): Promise<void> {
  const missing = await findMissingDomains(database, domainIds);
  if (missing.length === 0) return;
  const shown = missing.slice(0, 5).join(', ');
  throw new ProblemError(
    'domain_invalid',
    `There is no domain ${shown}${missing.length > 5 ? ` and ${missing.length - 5} more` : ''}.`,
  );
}
