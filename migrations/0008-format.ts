/** What a webhook's requests look like: the format, what its owner adds to it, and how the receiver is asked beforehand. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0008Format extends Migration {
  override up(): void {
    this.addSql(`alter table webhook
      add column format text not null default 'cloudstack',
      add column body jsonb constraint webhook_body_check check (jsonb_typeof(body) = 'object'),
      add column msg_key text,
      add column template text,
      add column validation text constraint webhook_validation_check check (validation in ('none', 'post', 'options'))`);
  }

  override down(): void {
    this.addSql(`alter table webhook drop column format, drop column body, drop column msg_key, drop column template,
      drop column validation`);
  }
}
