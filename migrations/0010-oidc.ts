/** People who log in at an OpenID provider: who they are there, and until when its word is good. */
import { Migration } from '@mikro-orm/migrations';

export class Migration0010Oidc extends Migration {
  override up(): void {
    this.addSql(`alter table app_user
      add column issuer text,
      add column subject text,
      add column trusted_until timestamptz`);
    this.addSql(
      `alter table app_user add constraint app_user_identity_unique unique (issuer, subject)`,
    );
    // A password would let somebody in whom the provider has let go.
    this.addSql(`alter table app_user add constraint app_user_identity_check
      check ((issuer is null) = (subject is null) and (issuer is null) = (trusted_until is null)
        and (issuer is null or password_hash is null))`);
    this.addSql('alter table credential add column logout_hint text');
    for (const statement of ranks) this.addSql(statement);
  }

  override down(): void {
    this.addSql('drop trigger notify_rank on app_user');
    this.addSql('drop function notify_rank()');
    this.addSql('alter table credential drop column logout_hint');
    this.addSql('delete from app_user where issuer is not null');
    this.addSql(
      'alter table app_user drop column issuer, drop column subject, drop column trusted_until',
    );
  }
}

/** Whose account it is decides how far its webhooks' deliveries reach, so the account is told of. */
const ranks = [
  `create function notify_rank() returns trigger language plpgsql as $$
    begin
      if tg_op <> 'INSERT' and old.account_id is not null then
        perform pg_notify('hookline', 'account:' || old.account_id);
      end if;
      if tg_op <> 'DELETE' and new.account_id is not null then
        perform pg_notify('hookline', 'account:' || new.account_id);
      end if;
      return null;
    end $$`,
  `create trigger notify_rank after insert or delete or update of role, account_id on app_user
    for each row execute function notify_rank()`,
];
