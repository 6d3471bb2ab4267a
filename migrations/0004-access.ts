/** Who may do what: roles bound to accounts. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0004Access extends Migration {
  override up(): void {
    for (const statement of roles) this.addSql(statement);
  }

  override down(): void {
    this.addSql('alter table app_user drop constraint app_user_tenant_check');
    this.addSql('drop index app_user_account_id_index');
  }
}

const roles = [
  // Whoever is not Admin reaches what their account reaches; without one there is nothing to reach.
  `alter table app_user add constraint app_user_tenant_check
    check (role = 'Admin' or account_id is not null)`,
  'create index app_user_account_id_index on app_user (account_id)',
];
