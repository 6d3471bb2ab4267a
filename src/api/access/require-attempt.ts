/** Limits how often somebody can try to log in. */
import type { FastifyReply } from 'fastify';

import { countAttempt } from '../../access/login-limit.ts';
import type { LoginAttempt } from '../../access/login-limit.ts';
import type { Database } from '../../store/database.ts';
import { ProblemError } from '../http/problem.ts';

/** Counts the attempt, before the password is checked; `forgiveAttempt` undoes it. @throws {ProblemError} login_limited */
export async function requireAttempt(
  database: Database,
  attempt: LoginAttempt,
  reply: FastifyReply,
): Promise<void> {
  const waitSeconds = await countAttempt(database, attempt);
  if (waitSeconds === undefined) return;
  void reply.header('retry-after', waitSeconds);
  throw new ProblemError('login_limited', `Try again in ${waitSeconds} seconds.`);
}
