/** What a cloud says of its tenants, in the words of the tables. */
import type { AccountKind } from '../schema/directory.ts';

export interface CloudDomain {
  /** The cloud's. */
  readonly id: string;
  readonly name: string;
  /** Null for a top. */
  readonly parentId: string | null;
}

export interface CloudAccount {
  /** The cloud's. Of a CloudStack project it is the project's id, not that of the account behind it. */
  readonly id: string;
  readonly name: string;
  readonly domainId: string;
  readonly kind: AccountKind;
}

export interface DirectorySnapshot {
  /** Layers of the tree, tops first; what hangs under one layer is in the next. */
  readonly layers: readonly (readonly CloudDomain[])[];
  /** `own`: there is one top, the cloud's root. `none`: the tops hang under Hookline's root. */
  readonly root: 'own' | 'none';
  readonly accounts: readonly CloudAccount[];
  /** False when the lists are known not to be whole: what is missing from them need not be gone. */
  readonly isWhole: boolean;
}
