/** The connection to PostgreSQL. Everything that knows MikroORM is in this folder. */
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Store } from './database.ts';

import { migrations } from './schema/migrations.ts';
import { Account } from './schema/account.ts';
import { ApiKey } from './access/api-key.ts';
import { AppUser } from './schema/app-user.ts';
import { AttemptRow } from './schema/attempt.ts';
import { AuditRow } from './audit.ts';
import { Credential } from './schema/credential.ts';
import { DeliveryRow } from './schema/delivery.ts';
import { DirectoryState } from './schema/directory-state.ts';
import { Domain } from './schema/domain.ts';
import { EventKeyRow } from './schema/event-key.ts';
import { EventRow } from './schema/event.ts';
import { IdempotencyKey } from './access/idempotency-key.ts';
import { LoginAttemptRow } from './access/login-attempt.ts';
import { ProcessRow } from './schema/process.ts';
import { QuarantineRow } from './schema/quarantine.ts';
import { ReceiptRow } from './schema/receipt.ts';
import { SettingEntity } from './setting.ts';
import { SourcePosition } from './schema/source-position.ts';
import { UnknownAccount } from './schema/unknown-account.ts';
import { WebhookFilterRow, WebhookRow, WebhookSecretRow } from './schema/webhook.ts';

/**
 * A server that takes connections and never answers (half dead, or behind a broken network) would otherwise be waited
 * for without a word, by whoever asks and by everybody who wants a connection after it.
 */
export const connectMsMax = 10_000;

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
