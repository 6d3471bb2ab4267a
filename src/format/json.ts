/** What the formats with a JSON body have in common. */

/** Our name; a version in it would make two replicas' requests differ. */
export const userAgent: readonly string[] = ['User-Agent', 'Hookline'];
export const json: readonly string[] = [...userAgent, 'Content-Type', 'application/json'];
