/** The tables of the first release. `docs/architecture.md` says what each is for. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0001Schema extends Migration {
  override up(): void {
    for (const statement of [...directory, ...access, ...webhooks, ...flow, ...notifications]) {
      this.addSql(statement);
    }
  }

  override down(): void {
    this.addSql(`drop table attempt, delivery, event, receipt, source_position, quarantine, process,
      webhook_filter, webhook_secret, webhook, credential, app_user, account, domain cascade`);
    this.addSql(
      'drop function domain_path(), domain_path_below(), notify_change(), notify_truncate()',
    );
  }
}

const directory = [
  `create table domain (
    id text not null default gen_random_uuid()::text primary key,
    name text not null,
    parent_id text
      constraint domain_parent_id_foreign references domain (id) on delete cascade,
    path text not null constraint domain_path_unique unique)`,
  'create index domain_parent_id_index on domain (parent_id)',
  // The path is derived, so that plain SQL cannot leave it wrong: '/<root>/<child>/', ids from the top.
  `create function domain_path() returns trigger language plpgsql as $$
    declare above text;
    begin
      select path into above from domain where id = new.parent_id;
      new.path := coalesce(above, '/') || new.id || '/';
      if new.parent_id = new.id or above like '%/' || new.id || '/%' then
        raise exception 'domain % cannot be moved below itself', new.id using errcode = 'check_violation';
      end if;
      return new;
    end $$`,
  `create trigger domain_path before insert or update on domain
    for each row execute function domain_path()`,
  // Each child's own update computes its path from the new one above it, level by level.
  `create function domain_path_below() returns trigger language plpgsql as $$
    begin
      update domain set path = '' where parent_id = new.id;
      return null;
    end $$`,
  `create trigger domain_path_below after update on domain
    for each row when (old.path is distinct from new.path) execute function domain_path_below()`,
  `create table account (
    id text not null default gen_random_uuid()::text primary key,
    name text not null,
    domain_id text not null
      constraint account_domain_id_foreign references domain (id) on delete cascade,
    kind text not null default 'user' check (kind in ('user', 'project')))`,
  'create index account_domain_id_index on account (domain_id)',
];

const access = [
  `create table app_user (
    id uuid not null default gen_random_uuid() primary key,
    username text not null constraint app_user_username_unique unique,
    password_hash text,
    role text not null check (role in ('Admin', 'DomainAdmin', 'User')),
    account_id text
      constraint app_user_account_id_foreign references account (id) on delete cascade,
    created timestamptz not null default now())`,
  `create table credential (
    id uuid not null default gen_random_uuid() primary key,
    user_id uuid not null
      constraint credential_user_id_foreign references app_user (id) on delete cascade,
    kind text not null check (kind in ('token', 'session')),
    name text not null,
    token_hash bytea not null constraint credential_token_hash_unique unique,
    created timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz)`,
  'create index credential_user_id_index on credential (user_id)',
];

const webhooks = [
  `create table webhook (
    id uuid not null default gen_random_uuid() primary key,
    name text not null,
    description text,
    state text not null default 'Enabled' check (state in ('Enabled', 'Disabled')),
    scope text not null default 'Local' check (scope in ('Local', 'Domain', 'Global')),
    account_id text not null
      constraint webhook_account_id_foreign references account (id) on delete cascade,
    domain_id text not null
      constraint webhook_domain_id_foreign references domain (id) on delete cascade,
    payload_url text not null,
    ssl_verification boolean not null default true,
    categories text[] not null default '{ActionEvent}',
    tries int check (tries >= 1 and tries <= 100),
    timeout_ms int check (timeout_ms >= 100 and timeout_ms <= 600000),
    concurrency_max int check (concurrency_max >= 1 and concurrency_max <= 10000),
    created timestamptz not null default now(),
    updated timestamptz not null default now(),
    constraint webhook_account_id_payload_url_unique unique (account_id, payload_url))`,
  'create index webhook_domain_id_index on webhook (domain_id)',
  `create table webhook_secret (
    id uuid not null default gen_random_uuid() primary key,
    webhook_id uuid not null constraint webhook_secret_webhook_id_unique unique
      constraint webhook_secret_webhook_id_foreign references webhook (id) on delete cascade,
    sealed bytea not null,
    created timestamptz not null default now())`,
  `create table webhook_filter (
    id uuid not null default gen_random_uuid() primary key,
    webhook_id uuid not null
      constraint webhook_filter_webhook_id_foreign references webhook (id) on delete cascade,
    type text not null default 'EventType' check (type in ('EventType')),
    mode text not null default 'Include' check (mode in ('Include', 'Exclude')),
    match_type text not null default 'Exact' check (match_type in ('Exact', 'Prefix', 'Suffix', 'Contains')),
    value text not null,
    created timestamptz not null default now())`,
  'create index webhook_filter_webhook_id_index on webhook_filter (webhook_id)',
];

/**
 * `event`, `delivery` and `attempt` are partitioned by day on the UUID itself: event ids are UUIDv7, and a
 * delivery's id begins with the time bits of its event's id, so all rows about one event fall into partitions of
 * one day and leave together. There is no default partition; the days are made ahead (src/store/schema/partition.ts).
 */
const flow = [
  `create table process (
    id serial primary key,
    host text not null,
    pid int not null,
    started_at timestamptz not null default now(),
    lease_until timestamptz not null,
    watermark uuid not null)`,
  `create table event (
    id uuid not null primary key,
    process_id int not null,
    source text not null,
    category text,
    event text not null,
    entity text,
    entityuuid text,
    account text,
    user_id text,
    project text,
    domain text,
    status text,
    event_date_time timestamptz,
    description text,
    origin text,
    details jsonb,
    body text not null,
    owed uuid[] not null) partition by range (id)`,
  `create table delivery (
    id uuid not null primary key,
    event_id uuid not null,
    webhook_id uuid not null,
    kind text not null check (kind in ('event', 'redelivery', 'replay', 'test')),
    state text not null check (state in ('pending', 'delivering', 'delivered', 'failed', 'cancelled')),
    tries int not null,
    next_attempt_at timestamptz,
    process_id int,
    created_at timestamptz not null,
    finished_at timestamptz,
    started_at timestamptz,
    duration_ms int,
    status int,
    error text,
    response_body text) partition by range (id)`,
  'create index delivery_webhook_id_id_index on delivery (webhook_id, id)',
  `create index delivery_due_index on delivery (webhook_id, next_attempt_at) where state = 'pending'`,
  `create index delivery_claimed_index on delivery (process_id) where state = 'delivering'`,
  `create table attempt (
    delivery_id uuid not null,
    number int not null,
    started_at timestamptz not null,
    duration_ms int not null,
    status int,
    error text,
    response_body text,
    primary key (delivery_id, number)) partition by range (delivery_id)`,
  `create table source_position (
    source text not null,
    topic text not null,
    partition int not null,
    next_offset bigint not null,
    topic_id text,
    updated_at timestamptz not null default now(),
    primary key (source, topic, partition))`,
  // What a RabbitMQ consumer recorded and the broker may still give back: one row a batch, a hash a message.
  `create table receipt (
    id bigserial primary key,
    source text not null,
    consumer_id uuid not null,
    created_at timestamptz not null default now(),
    hashes uuid[] not null)`,
  'create index receipt_source_consumer_id_index on receipt (source, consumer_id)',
  `create table quarantine (
    id uuid not null primary key,
    source text not null,
    position text not null,
    routing_key text,
    headers jsonb,
    reason text not null,
    body bytea,
    created_at timestamptz not null default now())`,
];

/** A change to what matching reads is told to every process: channel `hookline`, payload `<table>:<id>`. */
const notifications = [
  `create function notify_change() returns trigger language plpgsql as $$
    declare changed jsonb := coalesce(to_jsonb(new), to_jsonb(old));
    begin
      perform pg_notify('hookline', tg_argv[0] || ':' || (changed ->> tg_argv[1]));
      if tg_op = 'UPDATE' and to_jsonb(old) ->> tg_argv[1] <> changed ->> tg_argv[1] then
        perform pg_notify('hookline', tg_argv[0] || ':' || (to_jsonb(old) ->> tg_argv[1]));
      end if;
      return null;
    end $$`,
  `create function notify_truncate() returns trigger language plpgsql as $$
    begin
      perform pg_notify('hookline', 'truncate');
      return null;
    end $$`,
  ...[
    ['domain', 'domain', 'id'],
    ['account', 'account', 'id'],
    ['webhook', 'webhook', 'id'],
    ['webhook_filter', 'webhook', 'webhook_id'],
    ['webhook_secret', 'webhook', 'webhook_id'],
  ].flatMap(([table, kind, key]) => [
    `create trigger notify_change after insert or update or delete on ${table}
      for each row execute function notify_change('${kind}', '${key}')`,
    `create trigger notify_truncate after truncate on ${table}
      for each statement execute function notify_truncate()`,
  ]),
];
