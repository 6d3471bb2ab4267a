/** What repeated requests were answered, so that they are carried out once. */
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
  }

  override down(): void {
    this.addSql('drop table idempotency_key');
  }
}
