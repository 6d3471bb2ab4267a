/** Logs in at the OpenID provider from a terminal: the person confirms in a browser, wherever they have one. */
import { setTimeout as wait } from 'node:timers/promises';

import type { Client } from '../terminal/client.ts';
import type { Io } from '../terminal/io.ts';
import type { Row } from '../terminal/show.ts';

/** RFC 8628, section 3.5. */
const slowerBySeconds = 5;

/** @returns the session. @throws {CommandError} what the provider or Hookline says no with, in words. */
export async function loginByDevice(client: Client, io: Io): Promise<Row> {
  const begun = await client.send('POST', '/v1/oidc/device');
  const { handle, userCode, verificationUri, verificationUriComplete: complete } = begun;
  // The answer is the session's: what is said before it must not get between a script and its JSON.
  io.err(`Open ${String(verificationUri)} in a browser, anywhere, and type in ${String(userCode)}`);
  if (typeof complete === 'string') io.err(`or open ${complete}`);
  let seconds = Number(begun['intervalSeconds']);
  for (;;) {
    await wait(seconds * 1_000);
    const answer = await client.send('POST', '/v1/oidc/device/token', { handle });
    if (answer['token'] !== undefined) return answer;
    if (answer['waiting'] === 'slow_down') seconds += slowerBySeconds;
  }
}
