/** The words that columns of access hold. They are apart from the tables, whose library a command would load with them. */
export const roles = ['Admin', 'DomainAdmin', 'User'] as const;
export type Role = (typeof roles)[number];

export const tokenScopes = ['read', 'write', 'ingest'] as const;
export type TokenScope = (typeof tokenScopes)[number];
/** The scopes that permit everything: `write` includes `ingest`. */
export const fullScopes = ['read', 'write'] as const satisfies readonly TokenScope[];
