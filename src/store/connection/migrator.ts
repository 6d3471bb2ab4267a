/**
 * MikroORM's migrator for tables that live wherever `search_path` leads.
 *
 * MikroORM looks for the table of migrations in `public`, or in a schema that its configuration names, but creates and reads
 * it by its bare name. In any other schema it would not find on the second start what it created on the first.
 *
 * Source: `MigrationStorage.ensureTable` and `resolveTableName` of @mikro-orm/migrations 7.2.
 */
import { MigrationStorage, Migrator } from '@mikro-orm/migrations';

export const migrationTable = 'migration';

export class SearchPathMigrator extends Migrator {
  protected override createStorage(): MigrationStorage {
    return new SearchPathStorage(this.driver, this.options);
  }
}

class SearchPathStorage extends MigrationStorage {
  #isThere = false;

  override async ensureTable(): Promise<void> {
    if (this.#isThere) return;
    await this.driver.execute(`create table if not exists ${migrationTable} (
      id serial primary key, name varchar(255) not null, executed_at timestamptz not null default now())`);
    this.#isThere = true;
  }
}
