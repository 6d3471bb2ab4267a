/** The tables of what people manage. `src/store/schema/` says what each table and column is for. */
import { Migration } from '@mikro-orm/migrations';

export class Management extends Migration {
  override up(): void {
    const nouns = [directory, access, webhook, setting, audit, change];
    for (const statement of nouns.flat()) this.addSql(statement);
  }

  override down(): void {
    this.addSql(`drop table change, audit, setting, webhook_filter, webhook_health, webhook_secret, webhook, idempotency_key, login_attempt,
      api_key, credential, app_user, unknown_account, directory_state, account, domain`);
    this.addSql('drop function audit_id()');
  }
}

const directory = [
  `create table domain (
    id text not null default gen_random_uuid()::text primary key,
    name text not null,
    parent_id text
      constraint domain_parent_id_foreign references domain (id) on delete cascade,
    path text not null constraint domain_path_unique unique,
    origin text not null default 'local' check (origin in ('local', 'cloud')),
    removed_at timestamptz,
    updated timestamptz not null default now())`,
  'create index domain_parent_id_index on domain (parent_id)',
  'create index domain_name_id_index on domain (name, id)',
  `create table account (
    id text not null default gen_random_uuid()::text primary key,
    name text not null,
    domain_id text not null
      constraint account_domain_id_foreign references domain (id) on delete cascade,
    kind text not null default 'user' check (kind in ('user', 'project')),
    origin text not null default 'local' check (origin in ('local', 'cloud')),
    alias text constraint account_alias_unique unique,
    removed_at timestamptz,
    updated timestamptz not null default now())`,
  'create index account_domain_id_index on account (domain_id)',
  'create index account_name_id_index on account (name, id)',
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

const access = [
  // Whoever is not Admin reaches what their account reaches; without one there is nothing to reach.
  // A password would let somebody in whom the OpenID provider has let go.
  `create table app_user (
    id uuid not null default gen_random_uuid() primary key,
    username text not null constraint app_user_username_unique unique,
    password_hash text,
    role text not null check (role in ('Admin', 'DomainAdmin', 'User')),
    account_id text
      constraint app_user_account_id_foreign references account (id) on delete cascade,
    created timestamptz not null default now(),
    issuer text,
    subject text,
    trusted_until timestamptz,
    constraint app_user_identity_unique unique (issuer, subject),
    constraint app_user_tenant_check check (role = 'Admin' or account_id is not null),
    constraint app_user_identity_check check ((issuer is null) = (subject is null)
      and (issuer is null) = (trusted_until is null) and (issuer is null or password_hash is null)))`,
  'create index app_user_account_id_index on app_user (account_id)',
  `create table credential (
    id uuid not null default gen_random_uuid() primary key,
    user_id uuid not null
      constraint credential_user_id_foreign references app_user (id) on delete cascade,
    kind text not null check (kind in ('token', 'session')),
    name text not null,
    token_hash bytea not null constraint credential_token_hash_unique unique,
    scopes text[] not null default '{read,write}' check (scopes <@ '{read,write,ingest}'),
    created timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    logout_hint text)`,
  'create index credential_user_id_index on credential (user_id)',
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
  `create table idempotency_key (
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
    constraint idempotency_key_user_id_route_key_unique unique (user_id, route, key))`,
  'create index idempotency_key_created_index on idempotency_key (created)',
];

const webhook = [
  `create table webhook (
    id uuid not null default gen_random_uuid() primary key,
    name text not null,
    description text,
    state text not null default 'Enabled' check (state in ('Enabled', 'Paused', 'Disabled')),
    scope text not null default 'Local' check (scope in ('Local', 'Domain', 'Global')),
    account_id text not null
      constraint webhook_account_id_foreign references account (id) on delete cascade,
    domain_id text not null
      constraint webhook_domain_id_foreign references domain (id) on delete cascade,
    payload_url text not null,
    ssl_verification boolean not null default true,
    ca_certificate text,
    headers jsonb check (jsonb_typeof(headers) = 'object'),
    format text not null default 'cloudstack',
    body jsonb check (jsonb_typeof(body) = 'object'),
    msg_key text,
    template text,
    signature_encoding text check (signature_encoding in ('base64', 'hex')),
    validation text check (validation in ('none', 'post', 'options')),
    categories text[] not null default '{ActionEvent}',
    tries int check (tries >= 1 and tries <= 100),
    timeout_ms int check (timeout_ms >= 100 and timeout_ms <= 600000),
    concurrency_max int check (concurrency_max >= 1 and concurrency_max <= 10000),
    rate_per_second_max int check (rate_per_second_max >= 1 and rate_per_second_max <= 10000),
    ordering text not null default 'none' check (ordering in ('none', 'entity')),
    batch jsonb check (jsonb_typeof(batch) = 'object'),
    state_since timestamptz not null default now(),
    state_reason text,
    disabled_at timestamptz,
    is_disabling_told boolean not null default true,
    created timestamptz not null default now(),
    updated timestamptz not null default now(),
    constraint webhook_account_id_payload_url_unique unique (account_id, payload_url))`,
  'create index webhook_domain_id_index on webhook (domain_id)',
  'create index webhook_name_id_index on webhook (name, id)',
  `create table webhook_filter (
    id uuid not null default gen_random_uuid() primary key,
    webhook_id uuid not null
      constraint webhook_filter_webhook_id_foreign references webhook (id) on delete cascade,
    type text not null default 'EventType' check (type in
      ('EventType', 'Entity', 'EntityUuid', 'Status', 'Account', 'Source', 'Severity', 'Expression')),
    mode text not null default 'Include' check (mode in ('Include', 'Exclude')),
    match_type text not null default 'Exact' check (match_type in ('Exact', 'Prefix', 'Suffix', 'Contains')),
    value text not null,
    created timestamptz not null default now())`,
  'create index webhook_filter_webhook_id_index on webhook_filter (webhook_id)',
  `create table webhook_health (
    webhook_id uuid not null primary key
      constraint webhook_health_webhook_id_foreign references webhook (id)
      on update cascade on delete cascade,
    state text not null check (state in ('ok', 'failing', 'open')),
    since timestamptz not null,
    failing_since timestamptz,
    next_probe_at timestamptz,
    last_error text,
    is_announced boolean not null default false,
    backlog_cut_at timestamptz)`,
  `create table webhook_secret (
    id uuid not null default gen_random_uuid() primary key,
    webhook_id uuid not null
      constraint webhook_secret_webhook_id_foreign references webhook (id) on delete cascade,
    sealed bytea not null,
    created timestamptz not null default now(),
    expires_at timestamptz)`,
  'create index webhook_secret_webhook_id_index on webhook_secret (webhook_id)',
  `create unique index webhook_secret_current_index on webhook_secret (webhook_id)
    where expires_at is null`,
];

const setting = `create table setting (
  scope text not null,
  scope_id text not null default '',
  name text not null,
  value text not null,
  updated timestamptz not null default now(),
  primary key (scope, scope_id, name),
  constraint setting_scope_check
    check (scope in ('webhook', 'domain', 'global') and (scope = 'global') = (scope_id = '')))`;

const change = [
  `create table change (
    id bigserial primary key,
    transaction_id xid8 not null default pg_current_xact_id(),
    kind text not null check (kind in ('webhook', 'health', 'disabled', 'domain', 'account', 'setting', 'all')),
    key text not null,
    at timestamptz not null default now())`,
  'create index change_transaction_id_index on change (transaction_id)',
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
    scope text check (scope in ('Local', 'Domain', 'Global')),
    before jsonb,
    after jsonb,
    address text)`,
];
