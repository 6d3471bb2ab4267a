/** Writes domains and accounts, after what they hang on was found to be there. */
import type { Database } from '../../store/database.ts';
import {
  adoptRootDomain,
  findRootDomain,
  missingDomains,
  upsertAccounts,
  upsertDomains,
} from '../../store/directory/query-directory.ts';
import type { AccountValues, Upserted } from '../../store/directory/query-directory.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ImportedDomain } from './directory-import.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { ProblemError } from '../http/problem.ts';

/** Of thousands, what was given by name would be a copy of the directory: the row names how many, and the first ones. */
export async function noteImport(
  database: Database,
  caller: Caller,
  done: { kind: string; items: readonly { id: string }[]; written: Upserted },
): Promise<void> {
  const { kind, items, written } = done;
  const { created, updated } = written;
  const first = items.slice(0, 100).map(({ id }) => id);
  await writeAudit(database, caller, {
    action: `${kind}.imported`,
    objectId: `${items.length} ${kind}s`,
    after: { created, updated, given: items.length, first },
  });
}

const isRoot = ({ name, parentId }: ImportedDomain): boolean =>
  typeof parentId !== 'string' && name.toUpperCase() === 'ROOT';

export async function writeDomains(
  database: Database,
  ordered: readonly ImportedDomain[],
): Promise<Upserted> {
  const root = ordered.find(isRoot);
  const adopted = root ? await adoptRootDomain(database, root) : { created: 0, updated: 0 };
  const top = root ?? (await findRootDomain(database));
  if (!top)
    throw new ProblemError('domain_invalid', 'There is no root yet: make the domain ROOT first.');
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

export async function writeAccounts(
  database: Database,
  accounts: readonly AccountValues[],
): Promise<Upserted> {
  if (new Set(accounts.map(({ id }) => id)).size < accounts.length) {
    throw new ProblemError('request_invalid', 'An account is given twice.');
  }
  await refuseMissing(
    database,
    accounts.map(({ domainId }) => domainId),
  );
  return upsertAccounts(database, accounts);
}

async function refuseMissing(database: Database, domainIds: readonly string[]): Promise<void> {
  const missing = await missingDomains(database, domainIds);
  if (missing.length === 0) return;
  const shown = missing.slice(0, 5).join(', ');
  throw new ProblemError(
    'domain_invalid',
    `There is no domain ${shown}${missing.length > 5 ? ` and ${missing.length - 5} more` : ''}.`,
  );
}
