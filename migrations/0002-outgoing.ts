/** How a webhook's requests are sent: whom they trust, what they say besides, and several secrets to sign with. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0002Outgoing extends Migration {
  override up(): void {
    this.addSql(`alter table webhook
      add column ca_certificate text,
      add column headers jsonb constraint webhook_headers_check check (jsonb_typeof(headers) = 'object')`);
    this.addSql(`alter table webhook_secret
      drop constraint webhook_secret_webhook_id_unique,
      add column expires_at timestamptz`);
    this.addSql('create index webhook_secret_webhook_id_index on webhook_secret (webhook_id)');
    this.addSql(`create unique index webhook_secret_current_index on webhook_secret (webhook_id)
      where expires_at is null`);
  }

  override down(): void {
    this.addSql('delete from webhook_secret where expires_at is not null');
    this.addSql('drop index webhook_secret_current_index, webhook_secret_webhook_id_index');
    this.addSql(`alter table webhook_secret drop column expires_at,
      add constraint webhook_secret_webhook_id_unique unique (webhook_id)`);
    this.addSql('alter table webhook drop column ca_certificate, drop column headers');
  }
}
