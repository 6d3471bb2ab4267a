/** What tells that an event is recorded already, for clouds that name their events. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0007Keys extends Migration {
  override up(): void {
    this.addSql(`create table event_key (
      hash uuid not null primary key,
      event_id uuid not null)`);
    this.addSql('create index event_key_event_id_index on event_key (event_id)');
  }

  override down(): void {
    this.addSql('drop table event_key');
  }
}
