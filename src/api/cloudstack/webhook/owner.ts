/**
 * Reads the owner of a new webhook, and the owners whose webhooks are listed.
 *
 * Source: apache/cloudstack, AccountManagerImpl.finalizeOwner and buildACLSearchParameters.
 */
import { findAccountByName } from '../../../store/directory/account.ts';
import type { WebhookSearch } from '../../../store/webhook/list-by-page.ts';
import type { Database } from '../../../store/database.ts';
import { findAccount } from '../../../store/directory/account.ts';
import { findDomain } from '../../../store/directory/domain.ts';
import type { Caller } from '../../http/authenticate.ts';
import type { Arguments } from '../request/arguments.ts';
import { unknownEntity } from '../request/arguments.ts';
import { invalidValue } from '../request/command-error.ts';

/** The value of `projectid` that means all projects. */
const everyProject = '-1';

/** @returns undefined for the caller's own account. @throws {CommandError} */
export async function findOwnerId(
  database: Database,
  { principal, visibility }: Caller,
  args: Arguments,
): Promise<string | undefined> {
  const [name, domainId, projectId] = [
    args.text('account'),
    args.text('domainid'),
    args.text('projectid'),
  ];
  if (projectId !== undefined) {
    if (name !== undefined && domainId !== undefined) {
      throw invalidValue("ProjectId and account/domainId can't be specified together");
    }
    return findProject(database, { visibility }, projectId);
  }
  if (name === undefined) return undefined;
  if (domainId === undefined) {
    throw invalidValue('AccountName and domainId must be specified together');
  }
  const found = await findAccountByName(database, visibility, { name, domainId });
  if (found) return found.id;
  throw invalidValue(
    principal.role === 'User'
      ? `Can't create/list resources for account ${name} in domain ${domainId}, permission denied`
      : `Unable to find account ${name} in domain ${domainId}`,
  );
}

type OwnerSearch = Pick<WebhookSearch, 'accountId' | 'domain' | 'ownerKind'>;

/**
 * @returns undefined when nothing can be meant: the caller has no account of their own.
 * @throws {CommandError}
 */
export async function readOwners(
  database: Database,
  caller: Caller,
  args: Arguments,
): Promise<OwnerSearch | undefined> {
  const domainId = args.text('domainid');
  if (domainId !== undefined && !(await findDomain(database, domainId, caller.visibility))) {
    throw unknownEntity('listWebhooks', 'domainid', domainId);
  }
  const name = args.text('account');
  const projectId = args.text('projectid');
  if (name !== undefined) {
    if (projectId !== undefined) {
      throw invalidValue("Account and projectId can't be specified together");
    }
    return { accountId: await requireAccount(database, caller, { name, domainId }) };
  }
  if (projectId === everyProject) {
    return args.flag('listall') === true ? {} : { ownerKind: 'project' };
  }
  if (projectId !== undefined) {
    return { accountId: await findProject(database, caller, projectId) };
  }
  return ownOrAll(caller, args, domainId);
}

function ownOrAll(
  { principal }: Caller,
  args: Arguments,
  domainId: string | undefined,
): OwnerSearch | undefined {
  const { role, accountId } = principal;
  // A webhook that is asked for by id is found anywhere in the caller's visibility.
  if (args.text('id') !== undefined && role !== 'User') return {};
  const ownerKind = 'user' as const;
  if (role === 'User' || (domainId === undefined && args.flag('listall') !== true)) {
    return accountId === undefined ? undefined : { accountId };
  }
  if (domainId === undefined) return { ownerKind };
  return { ownerKind, domain: { id: domainId, isRecursive: args.flag('isrecursive') === true } };
}

async function requireAccount(
  database: Database,
  { principal, visibility }: Caller,
  { name, domainId = principal.domain?.id ?? '' }: { name: string; domainId: string | undefined },
): Promise<string> {
  const found = await findAccountByName(database, visibility, { name, domainId });
  if (found) return found.id;
  throw invalidValue(`could not find account ${name} in domain ${domainId}`);
}

async function findProject(
  database: Database,
  { visibility }: Pick<Caller, 'visibility'>,
  id: string,
): Promise<string> {
  const found = await findAccount(database, id, visibility);
  if (found?.kind === 'project') return found.id;
  throw invalidValue(`Unable to find project by id ${id}`);
}
