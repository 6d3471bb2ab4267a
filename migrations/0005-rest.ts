/** What repeated requests were answered, so that they are carried out once; and lists that stay fast. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0005Rest extends Migration {
  override up(): void {
    this.addSql(`create table idempotency_key (
      id uuid not null default gen_random_uuid() primary key,
      user_id uuid not null
        constraint idempotency_key_user_id_foreign references app_user (id) on delete cascade,
      route text not null,
      key text not null,
      fingerprint bytea not null,
      claimed_until timestamptz not null,
      status int,
      sealed bytea,
      created timestamptz not null default now(),
      constraint idempotency_key_user_id_route_key_unique unique (user_id, route, key))`);
    this.addSql('create index idempotency_key_created_index on idempotency_key (created)');
    for (const [table, column] of filtered) {
      this.addSql(`create index ${table}_${column}_id_index on ${table} (${column}, id)`);
    }
  }

  override down(): void {
    for (const [table, column] of filtered) {
      this.addSql(`drop index ${table}_${column}_id_index`);
    }
    this.addSql('drop table idempotency_key');
  }
}

/** By what lists along the id are asked for, and what few rows have. */
const filtered = [
  ['webhook', 'name'],
  ['account', 'name'],
  ['domain', 'name'],
  ['quarantine', 'source'],
] as const;
