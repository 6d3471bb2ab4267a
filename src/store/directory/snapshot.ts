/** A snapshot of a cloud's domains and accounts, in the words of the tables. */
import type { AccountKind } from '../schema/directory.ts';

export interface CloudDomain {
  /** The domain's id in the cloud. */
  readonly id: string;
  readonly name: string;
  /** Null for a topmost domain. */
  readonly parentId: string | null;
}

export interface CloudAccount {
  /** The account's id in the cloud; for a CloudStack project the project's, not that of the account behind it. */
  readonly id: string;
  readonly name: string;
  readonly domainId: string;
  readonly kind: AccountKind;
}

export interface DirectorySnapshot {
  /** Layers of the tree, topmost first; the children of one layer are in the next. */
  readonly layers: readonly (readonly CloudDomain[])[];
  /** `own`: the one topmost domain is the cloud's root. `none`: the topmost domains become children of Hookline's root. */
  readonly root: 'own' | 'none';
  readonly accounts: readonly CloudAccount[];
  /** False when the lists are known to be incomplete: a row missing in them may still exist. */
  readonly isWhole: boolean;
}
