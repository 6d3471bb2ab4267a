/** The tables of the flow of events. `src/store/schema/` says what each table and column is for. */
import { Migration } from '@mikro-orm/migrations';

export class Flow extends Migration {
  override up(): void {
    for (const statement of [event, delivery, record].flat()) this.addSql(statement);
  }

  override down(): void {
    this.addSql(
      'drop table attempt, delivery, event, event_key, receipt, source_position, recorded_span, history, quarantine, process',
    );
  }
}

/**
 * `event`, `delivery` and `attempt` are partitioned by day on the UUID itself: event ids are UUIDv7, and a delivery's id
 * begins with the time bits of its event's id, so all rows about one event fall into partitions of one day and leave
 * together. There is no default partition; the days are created ahead (src/store/schema/partition.ts).
 */
const event = [
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
    proven_domain text,
    proven_user text,
    body text not null,
    owed uuid[] not null) partition by range (id)`,
  `create table event_key (
    hash uuid not null primary key,
    event_id uuid not null)`,
  'create index event_key_event_id_index on event_key (event_id)',
];

const delivery = [
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
    response_body text,
    order_key text,
    replay_id uuid) partition by range (id)`,
  'create index delivery_webhook_id_id_index on delivery (webhook_id, id)',
  // A delivery that waits for its turn must not stand in the way of one that is due.
  `create index delivery_due_index on delivery (webhook_id, next_attempt_at)
    where state = 'pending' and order_key is null`,
  `create index delivery_order_index on delivery (webhook_id, order_key, event_id)
    where state in ('pending', 'delivering') and order_key is not null`,
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
];

const record = [
  `create table process (
    id serial primary key,
    host text not null,
    pid int not null,
    started_at timestamptz not null default now(),
    lease_until timestamptz not null,
    watermark uuid not null)`,
  `create table source_position (
    source text not null,
    topic text not null,
    partition int not null,
    start_offset bigint not null,
    next_offset bigint not null,
    topic_id text,
    replay_id uuid,
    replay_until bigint,
    lost bigint not null default 0,
    lost_at timestamptz,
    updated_at timestamptz not null default now(),
    primary key (source, topic, partition))`,
  'create table history (id uuid not null primary key)',
  'insert into history (id) values (gen_random_uuid())',
  `create table recorded_span (
    id bigserial primary key,
    source text not null,
    topic text not null,
    partition int not null,
    topic_id text,
    next_offset bigint not null,
    offsets bigint[] not null,
    event_ids uuid[] not null,
    created_at timestamptz not null default now())`,
  `create index recorded_span_source_topic_partition_next_offset_index
    on recorded_span (source, topic, partition, next_offset)`,
  'create index recorded_span_created_at_index on recorded_span (created_at)',
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
    item int,
    sending_id text,
    created_at timestamptz not null default now())`,
  'create index quarantine_source_id_index on quarantine (source, id)',
];
