/** Who may do what, how they prove it, and what they did: roles, scopes, key pairs, attempts to log in, audit. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0004Access extends Migration {
  override up(): void {
    for (const statement of [...roles, ...credentials, ...audit, ...settings])
      this.addSql(statement);
  }

  override down(): void {
    this.addSql('drop trigger drop_settings on webhook');
    this.addSql('drop trigger drop_settings on domain');
    this.addSql('drop table setting, audit, api_key, login_attempt');
    this.addSql('drop function audit_id(), drop_settings()');
    this.addSql('alter table credential drop column scopes');
    this.addSql('alter table app_user drop constraint app_user_tenant_check');
    this.addSql('drop index app_user_account_id_index');
  }
}

const roles = [
  // Whoever is not Admin reaches what their account reaches; without one there is nothing to reach.
  `alter table app_user add constraint app_user_tenant_check
    check (role = 'Admin' or account_id is not null)`,
  'create index app_user_account_id_index on app_user (account_id)',
];

const credentials = [
  `alter table credential add column scopes text[] not null default '{read,write}'
    constraint credential_scopes_check check (scopes <@ '{read,write}')`,
  `create table api_key (
    id uuid not null default gen_random_uuid() primary key,
    user_id uuid not null
      constraint api_key_user_id_foreign references app_user (id) on delete cascade,
    api_key text not null constraint api_key_api_key_unique unique,
    sealed bytea not null,
    created timestamptz not null default now(),
    last_used_at timestamptz)`,
  'create index api_key_user_id_index on api_key (user_id)',
  `create table login_attempt (
    key text not null primary key,
    count int not null,
    since timestamptz not null default now())`,
  'create index login_attempt_since_index on login_attempt (since)',
];

const audit = [
  // UUIDv7: the rows are listed along it. Source: RFC 9562, section 5.7.
  `create function audit_id() returns uuid language sql volatile as $$
    select overlay(overlay(gen_random_uuid()::text placing '7' from 15)
      placing substr(ms, 1, 8) || '-' || substr(ms, 9, 4) from 1)::uuid
    from (select lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') as ms) t $$`,
  `create table audit (
    id uuid not null default audit_id() primary key,
    at timestamptz not null default now(),
    username text,
    action text not null,
    object_id text not null,
    account_id text,
    domain_id text,
    before jsonb,
    after jsonb,
    address text)`,
];

const settings = [
  `create table setting (
    scope text not null,
    scope_id text not null default '',
    name text not null,
    value text not null,
    updated timestamptz not null default now(),
    primary key (scope, scope_id, name),
    constraint setting_scope_check
      check (scope in ('webhook', 'domain', 'global') and (scope = 'global') = (scope_id = '')))`,
  // Told as `setting:<scope>`, also when it is written in plain SQL.
  `create trigger notify_change after insert or update or delete on setting
    for each row execute function notify_change('setting', 'scope')`,
  `create trigger notify_truncate after truncate on setting
    for each statement execute function notify_truncate()`,
  // No foreign key leads to either of two tables, so their settings leave with them this way.
  `create function drop_settings() returns trigger language plpgsql as $$
    begin
      delete from setting where scope = tg_argv[0] and scope_id = old.id::text;
      return null;
    end $$`,
  ...['webhook', 'domain'].map(
    table => `create trigger drop_settings after delete on ${table}
      for each row execute function drop_settings('${table}')`,
  ),
];
