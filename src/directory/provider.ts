/** A cloud as the directory sees it. */
import type {
  CloudAccount,
  CloudDomain,
  DirectorySnapshot,
} from '../store/directory/directory-snapshot.ts';

export const providerKinds = ['cloudstack', 'keystone'] as const;
export type ProviderKind = (typeof providerKinds)[number];

export interface DirectoryProvider {
  readonly kind: ProviderKind;
  /** Everything there is. @throws {CloudError} */
  readAll(signal: AbortSignal): Promise<DirectorySnapshot>;
  /** One account; undefined when the cloud does not know it. @throws {CloudError} when that cannot be said. */
  lookUp(wanted: WantedAccount, options: LookUpOptions): Promise<FoundAccount | undefined>;
}

export interface WantedAccount {
  /** As the event names it. */
  readonly accountId: string;
  /** The project the event names beside it. */
  readonly projectId?: string;
}

export interface LookUpOptions {
  readonly isKnownDomain: (id: string) => Promise<boolean>;
  readonly signal: AbortSignal;
}

export interface FoundAccount {
  readonly account: CloudAccount;
  /** The account's domain and those above it that are not known yet, topmost first. */
  readonly domains: readonly CloudDomain[];
}
