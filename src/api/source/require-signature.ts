/** Requires of a posted message that its sender has signed it, where its source says so. */
import { checkSignature, expectedProof, expectedTime } from '../../access/sender.ts';
import type { PostedBytes } from '../../access/sender.ts';
import type { Intake } from '../../source/intake.ts';
import { ProblemError } from '../http/problem.ts';

/** An intake that senders other than users may post to. */
export type OpenIntake = Intake & Required<Pick<Intake, 'proof'>>;

export const isOpen = (intake: Intake): intake is OpenIntake => intake.proof !== undefined;

/** @returns the name that the signature gives the message. @throws {ProblemError} unauthenticated */
export function requireSignature(intake: OpenIntake, posted: PostedBytes): string | undefined {
  const check = checkSignature(intake.proof, posted);
  switch (check.kind) {
    case 'signed':
      return check.name;
    case 'unsigned':
      throw unproven(intake);
    case 'untimely':
      throw new ProblemError(
        'unauthenticated',
        `The message was signed at another time, or is sent again; expected ${expectedTime(intake.proof)}.`,
      );
  }
}

export const unproven = ({ proof }: OpenIntake): ProblemError =>
  new ProblemError('unauthenticated', `Send ${expectedProof(proof)}.`);
