/** All tables, and the types that statements see of them. */
import type { InferKyselyDB } from '@mikro-orm/postgresql';
import type { ColumnType, Selectable } from 'kysely';

import {
  ApiKeyTable,
  AppUserTable,
  CredentialTable,
  IdempotencyKeyTable,
  LoginAttemptTable,
} from './access.ts';
import { AuditTable } from './audit.ts';
import { AttemptTable, DeliveryTable } from './delivery.ts';
import { ChangeTable } from './change.ts';
import {
  AccountTable,
  DirectoryStateTable,
  DomainTable,
  UnknownAccountTable,
} from './directory.ts';
import { EventKeyTable, EventTable } from './event.ts';
import {
  HistoryTable,
  ProcessTable,
  QuarantineTable,
  ReceiptTable,
  RecordedSpanTable,
  SourcePositionTable,
} from './record.ts';
import { SettingTable } from './setting.ts';
import {
  WebhookFilterTable,
  WebhookHealthTable,
  WebhookSecretTable,
  WebhookTable,
} from './webhook.ts';

export const tables = [
  AccountTable,
  ApiKeyTable,
  AppUserTable,
  AttemptTable,
  AuditTable,
  ChangeTable,
  CredentialTable,
  DeliveryTable,
  DirectoryStateTable,
  DomainTable,
  EventKeyTable,
  EventTable,
  HistoryTable,
  IdempotencyKeyTable,
  LoginAttemptTable,
  ProcessTable,
  QuarantineTable,
  ReceiptTable,
  RecordedSpanTable,
  SettingTable,
  SourcePositionTable,
  UnknownAccountTable,
  WebhookFilterTable,
  WebhookHealthTable,
  WebhookSecretTable,
  WebhookTable,
];

type Defined = InferKyselyDB<(typeof tables)[number], { columnNamingStrategy: 'property' }>;

/** An instant is read as RFC 3339 text (`sql/instant.ts`), and written as such or as a Date. */
type Instants<Column> =
  Column extends ColumnType<infer Read, infer Insert, infer Update>
    ? ColumnType<
        Instant<Read>,
        Instant<Insert> | Extract<Insert, Date>,
        Instant<Update> | Extract<Update, Date>
      >
    : Date extends Column
      ? ColumnType<Instant<Column>, Instant<Column> | Date, Instant<Column> | Date>
      : Column;
type Instant<T> = T extends Date ? string : T;

/** Types of all tables: by the table's name in SQL, such as `webhook_filter`, and the column's property, such as `matchType`. */
export type Tables = {
  [Name in keyof Defined]: { [Column in keyof Defined[Name]]: Instants<Defined[Name][Column]> };
};

/** A row as a statement reads it. @example Row<'webhook'> */
export type Row<Name extends keyof Tables> = Selectable<Tables[Name]>;
