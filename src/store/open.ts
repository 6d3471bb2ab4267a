/** The connection to PostgreSQL. Everything that knows MikroORM is in this folder. */
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Kysely } from 'kysely';

import { migrations } from './migrations.ts';
import { Account } from './account.ts';
import { ApiKey } from './api-key.ts';
import { AppUser } from './app-user.ts';
import { AttemptRow } from './attempt.ts';
import { AuditRow } from './audit.ts';
import { Credential } from './credential.ts';
import { DeliveryRow } from './delivery.ts';
import { DirectoryState } from './directory-state.ts';
import { Domain } from './domain.ts';
import { EventKeyRow } from './event-key.ts';
import { EventRow } from './event.ts';
import { IdempotencyKey } from './idempotency-key.ts';
import { LoginAttemptRow } from './login-attempt.ts';
import { ProcessRow } from './process.ts';
import { QuarantineRow } from './quarantine.ts';
import { ReceiptRow } from './receipt.ts';
import { SettingEntity } from './setting.ts';
import { SourcePosition } from './source-position.ts';
import { UnknownAccount } from './unknown-account.ts';
import { WebhookFilterRow, WebhookRow, WebhookSecretRow } from './webhook.ts';

export type Store = MikroORM;

/**
 * A server that takes connections and never answers (half dead, or behind a broken network) would otherwise be waited
 * for without a word, by whoever asks and by everybody who wants a connection after it.
 */
export const connectMsMax = 10_000;

/** What a hand-written statement runs on: the pool, or one transaction. */
export type Database = Kysely<unknown>;

export function databaseOf(store: Store): Database {
  return store.em.fork().getKysely<unknown>();
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects.
 *
 * The transaction is Kysely's own, not the entity manager's: that one is a "controlled" transaction, which keeps its
 * connection for ever when the rollback fails because the connection is dead (kysely-org/kysely issue 1990). A
 * restart of PostgreSQL would use up the pool.
 */
export async function inTransaction<T>(
  store: Store,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  return databaseOf(store).transaction().execute(work);
}

/**
 * Connects lazily: the first query opens the first connection, so an absent database is that query's error.
 *
 * @param url `postgresql://user:password@host:port/database`
 */
export async function openStore(
  url: string,
  options: { poolMax?: number; log?: (line: string) => void } = {},
): Promise<Store> {
  return MikroORM.init({
    clientUrl: url,
    entities: [
      Account,
      ApiKey,
      AppUser,
      AttemptRow,
      AuditRow,
      Credential,
      DeliveryRow,
      DirectoryState,
      Domain,
      EventKeyRow,
      EventRow,
      IdempotencyKey,
      LoginAttemptRow,
      ProcessRow,
      QuarantineRow,
      ReceiptRow,
      SettingEntity,
      SourcePosition,
      UnknownAccount,
      WebhookFilterRow,
      WebhookRow,
      WebhookSecretRow,
    ],
    extensions: [Migrator],
    migrations: {
      migrationsList: migrations,
      snapshot: false,
      tableName: 'migration',
    },
    logger: options.log ?? (() => {}),
    colors: false,
    pool: { max: options.poolMax ?? 10 },
    driverOptions: { connectionTimeoutMillis: connectMsMax, keepAlive: true },
    schemaGenerator: {
      // The days' partitions are made at run time; the schema is that of their parents.
      skipTables: [/^(event|delivery|attempt)_\d{8}$/, 'migration'],
      // Triggers and their functions are written by hand in the migrations.
      ignoreTriggers: true,
      ignoreRoutines: true,
    },
  });
}
