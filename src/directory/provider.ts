/** The interface through which the directory reads a cloud. */
import type { CloudAccount, CloudDomain, DirectorySnapshot } from '../store/directory/snapshot.ts';

export const providerKinds = ['cloudstack', 'keystone'] as const;
export type ProviderKind = (typeof providerKinds)[number];

export interface DirectoryProvider {
  readonly kind: ProviderKind;
  /** Reads all domains, accounts and projects. @throws {CloudError} */
  readAll(signal: AbortSignal): Promise<DirectorySnapshot>;
  /** Looks up one account; undefined when the cloud does not know it. @throws {CloudError} when it gives no answer. */
  lookUp(wanted: WantedAccount, options: LookUpOptions): Promise<FoundAccount | undefined>;
}

export interface WantedAccount {
  /** The account's id in the event. */
  readonly accountId: string;
  /** The project's id in the event. */
  readonly projectId?: string;
}

export interface LookUpOptions {
  readonly isKnownDomain: (id: string) => Promise<boolean>;
  readonly signal: AbortSignal;
}

export interface FoundAccount {
  readonly account: CloudAccount;
  /** Domains of the account that are not known yet, its own and those above, topmost first. */
  readonly domains: readonly CloudDomain[];
}
