/** How fast, in which order, and how many events at a time a webhook is sent. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0011Lane extends Migration {
  override up(): void {
    this.addSql(`alter table webhook
      add column ordering text not null default 'none'
        constraint webhook_ordering_check check (ordering in ('none', 'entity')),
      add column batch jsonb constraint webhook_batch_check check (jsonb_typeof(batch) = 'object'),
      add column rate_per_second_max int
        constraint webhook_rate_per_second_max_check
          check (rate_per_second_max >= 1 and rate_per_second_max <= 10000)`);
    this.addSql('alter table delivery add column order_key text');
    // What has to wait for its turn must not stand in the way of what is merely due.
    this.addSql('drop index delivery_due_index');
    this.addSql(`create index delivery_due_index on delivery (webhook_id, next_attempt_at)
      where state = 'pending' and order_key is null`);
    this.addSql(`create index delivery_order_index on delivery (webhook_id, order_key, event_id)
      where state in ('pending', 'delivering') and order_key is not null`);
  }

  override down(): void {
    this.addSql('drop index delivery_order_index, delivery_due_index');
    this.addSql('alter table delivery drop column order_key');
    this.addSql(`create index delivery_due_index on delivery (webhook_id, next_attempt_at)
      where state = 'pending'`);
    this.addSql(
      'alter table webhook drop column ordering, drop column rate_per_second_max, drop column batch',
    );
  }
}
