/** The directory is kept in step with a cloud: which rows are the cloud's, which are gone there, how the last sync went. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0003Directory extends Migration {
  override up(): void {
    for (const statement of [...columns, ...tables, ...notifications]) this.addSql(statement);
  }

  override down(): void {
    this.addSql('drop trigger notify_owner on account');
    this.addSql('drop function notify_owner()');
    this.addSql('drop table directory_state, unknown_account');
    this.addSql('alter table account drop origin, drop alias, drop removed_at, drop updated');
    this.addSql('alter table domain drop origin, drop removed_at, drop updated');
  }
}

const columns = [
  `alter table domain
    add origin text not null default 'local' check (origin in ('local', 'cloud')),
    add removed_at timestamptz,
    add updated timestamptz not null default now()`,
  `alter table account
    add origin text not null default 'local' check (origin in ('local', 'cloud')),
    add alias text constraint account_alias_unique unique,
    add removed_at timestamptz,
    add updated timestamptz not null default now()`,
];

const tables = [
  `create table directory_state (
    id int not null primary key check (id = 1),
    kind text not null check (kind in ('cloudstack', 'keystone')),
    next_at timestamptz not null default now(),
    attempted_at timestamptz,
    synced_at timestamptz,
    error text,
    failures int not null default 0,
    is_whole boolean,
    domains int not null default 0,
    accounts int not null default 0,
    local_rows int not null default 0,
    removals_held int not null default 0,
    accept_removals boolean not null default false,
    adopt_local boolean not null default false)`,
  `create table unknown_account (
    id text not null primary key,
    project text,
    events bigint not null,
    first_seen timestamptz not null default now(),
    last_seen timestamptz not null default now())`,
  'create index unknown_account_last_seen_index on unknown_account (last_seen)',
];

/** Whether an owner is gone decides whether his webhooks are told of anything. */
const notifications = [
  `create function notify_owner() returns trigger language plpgsql as $$
    begin
      perform pg_notify('hookline', 'webhook:' || id) from webhook where account_id = new.id;
      return null;
    end $$`,
  `create trigger notify_owner after update on account
    for each row when (old.removed_at is distinct from new.removed_at)
    execute function notify_owner()`,
];
