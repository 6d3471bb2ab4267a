/** The directory as matching needs it: the domain of an account, and the domains above that one. */

import type { AccountNode, DomainNode } from '../store/directory/load.ts';

export interface Tenants {
  setDomain(domain: DomainNode): void;
  removeDomain(id: string): void;
  setAccount(account: AccountNode): void;
  removeAccount(id: string): void;
  /** The account that goes by this id or alias; undefined for one the directory does not know. */
  readonly accountOf: (idOrAlias: string) => string | undefined;
  /** The account's domain; undefined for an account the directory does not know. */
  readonly domainOf: (accountId: string) => string | undefined;
  readonly knowsDomain: (domainId: string) => boolean;
  /** Whether the account is in the root domain, and no tenant's; false for an account or a domain that is not known. */
  readonly isRootAccount: (accountId: string) => boolean;
  /** The domain and all above it, nearest first. One whose parent is not known yet counts as a root. */
  readonly pathOf: (domainId: string) => readonly string[];
}

/** Creates an empty directory. Domains and accounts may come in any order, a child before its parent too. */
export function createTenants(): Tenants {
  const parents = new Map<string, string | undefined>();
  const accounts = new Map<string, AccountNode>();
  /** Account ids by alias. */
  const aliases = new Map<string, string>();
  /** Paths computed since the tree last changed. */
  const paths = new Map<string, readonly string[]>();

  function removeAccount(id: string): void {
    const alias = accounts.get(id)?.alias;
    if (alias !== undefined && aliases.get(alias) === id) aliases.delete(alias);
    accounts.delete(id);
  }

  return {
    setDomain({ id, parentId }) {
      parents.set(id, parentId);
      paths.clear();
    },
    removeDomain(id) {
      parents.delete(id);
      paths.clear();
    },
    setAccount(account) {
      removeAccount(account.id);
      accounts.set(account.id, account);
      if (account.alias !== undefined) aliases.set(account.alias, account.id);
    },
    removeAccount,
    accountOf: id => (accounts.has(id) ? id : aliases.get(id)),
    knowsDomain: domainId => parents.has(domainId),
    domainOf: accountId => accounts.get(accountId)?.domainId,
    isRootAccount(accountId) {
      const account = accounts.get(accountId);
      if (account?.isTenant) return false;
      const domain = account?.domainId;
      return domain !== undefined && parents.has(domain) && parents.get(domain) === undefined;
    },
    pathOf(domainId) {
      const known = paths.get(domainId);
      if (known !== undefined) return known;
      const path = climb(parents, domainId);
      paths.set(domainId, path);
      return path;
    },
  };
}

/** Walks up the tree. Two moves seen one after the other can form a ring for a moment, so no domain is passed twice. */
function climb(parents: ReadonlyMap<string, string | undefined>, domainId: string): string[] {
  const path = new Set<string>();
  let next: string | undefined = domainId;
  while (next !== undefined && !path.has(next)) {
    path.add(next);
    next = parents.get(next);
  }
  return [...path];
}
