import { defineEntity, p } from '@mikro-orm/core';

export type SettingScope = 'webhook' | 'domain' | 'global';

/** The value of one setting in one place: a webhook, a domain, or everywhere. */
export const SettingTable = defineEntity({
  name: 'Setting',
  tableName: 'setting',
  properties: {
    scope: p.text().$type<SettingScope>().primary(),
    /** ID of the webhook or the domain; empty for `global`. */
    scopeId: p.text().default('').primary(),
    name: p.text().primary(),
    value: p.text(),
    updated: p.datetime().defaultRaw('now()'),
  },
  checks: [
    {
      name: 'setting_scope_check',
      expression: `scope in ('webhook', 'domain', 'global') and (scope = 'global') = (scope_id = '')`,
    },
  ],
});
