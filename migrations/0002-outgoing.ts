/** How a webhook's requests are sent: whom they trust, what they say besides. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0002Outgoing extends Migration {
  override up(): void {
    this.addSql(`alter table webhook
      add column ca_certificate text,
      add column headers jsonb constraint webhook_headers_check check (jsonb_typeof(headers) = 'object')`);
  }

  override down(): void {
    this.addSql('alter table webhook drop column ca_certificate, drop column headers');
  }
}
