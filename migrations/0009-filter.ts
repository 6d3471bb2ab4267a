/** Filters on more than the event type. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0009Filter extends Migration {
  override up(): void {
    this.addSql('alter table webhook_filter drop constraint webhook_filter_type_check');
    this.addSql(`alter table webhook_filter add constraint webhook_filter_type_check check
      (type in ('EventType', 'Entity', 'EntityUuid', 'Status', 'Account', 'Source', 'Severity', 'Expression'))`);
  }

  /** An older Hookline would take the others for filters on the event type; a webhook that needs them is switched off. */
  override down(): void {
    this.addSql(`update webhook set state = 'Disabled'
      where id in (select webhook_id from webhook_filter where type <> 'EventType')`);
    this.addSql(`delete from webhook_filter where type <> 'EventType'`);
    this.addSql('alter table webhook_filter drop constraint webhook_filter_type_check');
    this.addSql(
      `alter table webhook_filter add constraint webhook_filter_type_check check (type in ('EventType'))`,
    );
  }
}
