/** What tells that an event is recorded already, for clouds that name their events; and tokens that may only post events. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0007Intake extends Migration {
  override up(): void {
    this.addSql(`create table event_key (
      hash uuid not null primary key,
      event_id uuid not null)`);
    this.addSql('create index event_key_event_id_index on event_key (event_id)');
    this.addSql(`alter table credential drop constraint credential_scopes_check,
      add constraint credential_scopes_check check (scopes <@ '{read,write,ingest}')`);
  }

  override down(): void {
    this.addSql(`delete from credential where 'ingest' = any(scopes)`);
    this.addSql(`alter table credential drop constraint credential_scopes_check,
      add constraint credential_scopes_check check (scopes <@ '{read,write}')`);
    this.addSql('drop table event_key');
  }
}
