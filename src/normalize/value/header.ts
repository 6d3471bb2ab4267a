/** Headers by a name in any case: HTTP's come in lower case, those of a bus as they were sent. */
import type { Message } from '../../event/message.ts';

/** Finds a header. @param name in lower case. */
export function headerOf({ headers }: Message, name: string): string | undefined {
  if (headers === undefined) return undefined;
  const found = Object.keys(headers).find(key => key.toLowerCase() === name);
  return found === undefined ? undefined : headers[found];
}
