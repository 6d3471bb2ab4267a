/** What the database does by itself: derives the domains' paths, logs changes and tells every process, deletes settings. */
import { Migration } from '@mikro-orm/migrations';

export class Triggers extends Migration {
  override up(): void {
    const purposes = [domainPaths, changes, states, owners, moves, ranks, settings, probes];
    for (const statement of purposes.flat()) this.addSql(statement);
  }

  override down(): void {
    this.addSql(`drop function domain_path(), domain_path_below(), log_change(), log_truncate(), log_owner(), log_rank(),
      log_key(text, text), webhook_state(), drop_settings(), probe_webhook(), release_held(), webhook_domain(), move_webhooks(),
      account_moved(), domain_moved(), disable_strayed(text, text) cascade`);
  }
}

/** '/<root>/<child>/', ids from the top. It is derived, so that plain SQL cannot leave it wrong. */
const domainPaths = [
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
];

/**
 * A change to what processes hold in memory is logged in the table `change`: a webhook's id also for its filters and
 * secrets, that of a webhook whose health changed, a domain's and an account's id, a setting's scope, and `all` where a table was emptied. `change` on the channel
 * `hookline` tells all processes to read the log; PostgreSQL sends it once a transaction.
 */
const changes = [
  `create function log_key(text, text) returns void language sql as $$
    insert into change (kind, key) values ($1, $2);
    select pg_notify('hookline', 'change') $$`,
  `create function log_change() returns trigger language plpgsql as $$
    declare changed jsonb := coalesce(to_jsonb(new), to_jsonb(old));
    begin
      perform log_key(tg_argv[0], changed ->> tg_argv[1]);
      if tg_op = 'UPDATE' and to_jsonb(old) ->> tg_argv[1] <> changed ->> tg_argv[1] then
        perform log_key(tg_argv[0], to_jsonb(old) ->> tg_argv[1]);
      end if;
      return null;
    end $$`,
  `create function log_truncate() returns trigger language plpgsql as $$
    begin
      perform log_key('all', tg_table_name);
      return null;
    end $$`,
  ...[
    ['domain', 'domain', 'id'],
    ['account', 'account', 'id'],
    ['webhook', 'webhook', 'id'],
    ['webhook_filter', 'webhook', 'webhook_id'],
    ['webhook_secret', 'webhook', 'webhook_id'],
    ['webhook_health', 'health', 'webhook_id'],
    ['setting', 'setting', 'scope'],
  ].flatMap(([table, kind, key]) => [
    `create trigger log_change after insert or update or delete on ${table}
      for each row execute function log_change('${kind}', '${key}')`,
    `create trigger log_truncate after truncate on ${table}
      for each statement execute function log_truncate()`,
  ]),
];

/**
 * Since when a webhook is in its state, also where plain SQL put it there, and when it was last disabled: what it was owed
 * before is cancelled, even if it is enabled again. A reason is of one change of the state.
 */
const states = [
  `create function webhook_state() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        if new.state_reason is not distinct from old.state_reason then new.state_reason := null; end if;
      end if;
      new.state_since := clock_timestamp();
      if new.state = 'Disabled' then new.disabled_at := new.state_since; end if;
      return new;
    end $$`,
  `create trigger webhook_state_new before insert on webhook
    for each row execute function webhook_state()`,
  `create trigger webhook_state before update on webhook
    for each row when (old.state <> new.state) execute function webhook_state()`,
];

/** An owner that is gone, or back, decides whether their webhooks are sent anything; one that goes takes along what they are owed. */
const owners = [
  `create function log_owner() returns trigger language plpgsql as $$
    begin
      if old.removed_at is null then
        update webhook set disabled_at = clock_timestamp() where account_id = new.id;
      else
        perform log_key('webhook', id::text) from webhook where account_id = new.id;
      end if;
      return null;
    end $$`,
  `create trigger log_owner after update on account
    for each row when (old.removed_at is distinct from new.removed_at)
    execute function log_owner()`,
];

/**
 * A webhook goes where its account goes. Its domain is its account's unless it covers a domain of its own choice; then it is
 * disabled when its account has left that domain, or has come to where it has no part in it (decision 100).
 *
 * Whether an account has left is asked when the transaction ends: halfway through an import it may be anywhere.
 */
const moves = [
  `create function webhook_domain() returns trigger language plpgsql as $$
    begin
      if new.scope <> 'Domain' then
        -- A move that is under way has not seen the new row, and takes along what it sees.
        if tg_op = 'INSERT' then perform from account where id = new.account_id for share; end if;
        new.domain_id := coalesce((select a.domain_id from account a where a.id = new.account_id), new.domain_id);
      end if;
      return new;
    end $$`,
  `create trigger webhook_domain before insert or update of scope, account_id, domain_id on webhook
    for each row execute function webhook_domain()`,
  `create function move_webhooks() returns trigger language plpgsql as $$
    begin
      update webhook set domain_id = new.domain_id, updated = greatest(now(), updated + interval '1 ms')
      where account_id = new.id and scope <> 'Domain' and domain_id <> new.domain_id;
      return null;
    end $$`,
  `create trigger move_webhooks after update of domain_id on account
    for each row when (old.domain_id is distinct from new.domain_id) execute function move_webhooks()`,
  // The reason stands in the audit and in the webhook's health. Admins of the domain that the account has left may know.
  `create function disable_strayed(owner text, former_path text) returns void language plpgsql as $$
    declare strayed record;
      why text;
    begin
      for strayed in
        select w.id, w.state, covered.id as domain_id, covered.name as domain, a.name as account,
          strpos(former_path, '/' || covered.id || '/') > 0 as has_left
        from webhook w join account a on a.id = w.account_id
          join domain present on present.id = a.domain_id join domain covered on covered.id = w.domain_id
        where w.account_id = owner and w.scope = 'Domain' and w.state <> 'Disabled'
          and not starts_with(present.path, covered.path)
          and (strpos(former_path, '/' || covered.id || '/') > 0 or not starts_with(covered.path, present.path))
        for update of w
      loop
        why := 'its account ' || strayed.account || ' is not in the domain ' || strayed.domain || ' any more';
        update webhook set state = 'Disabled', state_reason = why, is_disabling_told = false,
          updated = greatest(now(), updated + interval '1 ms') where id = strayed.id;
        insert into audit (action, object_id, domain_id, scope, before, after)
          values ('webhook.disabled', strayed.id, case when strayed.has_left then strayed.domain_id end,
            case when strayed.has_left then 'Domain' else 'Global' end,
            jsonb_build_object('state', strayed.state), jsonb_build_object('state', 'Disabled', 'reason', why));
        perform log_key('disabled', strayed.id::text);
      end loop;
    end $$`,
  `create function account_moved() returns trigger language plpgsql as $$
    begin
      perform disable_strayed(new.id, coalesce((select path from domain where id = old.domain_id), ''));
      return null;
    end $$`,
  `create constraint trigger account_moved after update of domain_id on account deferrable initially deferred
    for each row when (old.domain_id is distinct from new.domain_id) execute function account_moved()`,
  `create function domain_moved() returns trigger language plpgsql as $$
    begin
      perform disable_strayed(a.id, old.path) from account a where a.domain_id = new.id
        and exists (select from webhook w where w.account_id = a.id and w.scope = 'Domain' and w.state <> 'Disabled');
      return null;
    end $$`,
  `create constraint trigger domain_moved after update on domain deferrable initially deferred
    for each row when (old.path is distinct from new.path) execute function domain_moved()`,
];

/** The roles of an account's users decide how far its webhooks' deliveries reach. */
const ranks = [
  `create function log_rank() returns trigger language plpgsql as $$
    begin
      if tg_op <> 'INSERT' and old.account_id is not null then
        perform log_key('account', old.account_id);
      end if;
      if tg_op <> 'DELETE' and new.account_id is not null then
        perform log_key('account', new.account_id);
      end if;
      return null;
    end $$`,
  `create trigger log_rank after insert or delete or update of role, account_id on app_user
    for each row execute function log_rank()`,
];

/** Two tables own settings, so no foreign key leads to either; settings leave with their owner this way. */
const settings = [
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

/** Whoever corrects a webhook need not wait for its next probe; one that is enabled again begins anew. */
const probes = [
  `create function probe_webhook() returns trigger language plpgsql as $$
    begin
      if new.state = 'Enabled' and old.state <> 'Enabled' then
        update webhook_health set state = 'ok', since = now(), failing_since = null, next_probe_at = null,
          last_error = null
        where webhook_id = new.id;
      else
        update webhook_health set next_probe_at = now()
        where webhook_id = new.id and state = 'open' and next_probe_at > now();
      end if;
      return null;
    end $$`,
  `create trigger probe_webhook after update on webhook
    for each row when ((old.payload_url, old.ssl_verification, old.ca_certificate, old.timeout_ms, old.state)
      is distinct from (new.payload_url, new.ssl_verification, new.ca_certificate, new.timeout_ms, new.state))
    execute function probe_webhook()`,
  // What was attempted in vain is due at a probe that does not come any more. The conditions are those of two indexes.
  `create function release_held() returns trigger language plpgsql as $$
    begin
      update delivery set next_attempt_at = now()
      where webhook_id = new.webhook_id and state = 'pending' and order_key is null and next_attempt_at > now()
        and started_at is not null and (status is null or status in (429, 502, 503, 504));
      update delivery set next_attempt_at = now()
      where webhook_id = new.webhook_id and state in ('pending', 'delivering') and order_key is not null
        and state = 'pending' and next_attempt_at > now()
        and started_at is not null and (status is null or status in (429, 502, 503, 504));
      return null;
    end $$`,
  `create trigger release_held after update on webhook_health
    for each row when (old.state = 'open' and (new.state <> 'open' or new.next_probe_at < old.next_probe_at))
    execute function release_held()`,
];
