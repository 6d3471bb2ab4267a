/**
 * A message, or an item of one, can never become an event, however often it is redelivered. `normalize/decode-items.ts`
 * makes a refusal of it, which ingest quarantines with this reason; nothing else may catch this.
 */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
  readonly code = 'malformed_message';
}

/**
 * The configuration cannot be used. `problems` has one line for each key: key, value, what was expected.
 * `main` prints them and exits with code 2.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config_invalid';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Another process has taken over what this one had recorded, because this one's lease lapsed. Nothing was written. The
 * catcher joins again under a new process id and drops the deliveries it held in memory: they have rows now.
 */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  readonly code = 'lease_lost';
}

/**
 * A format could not render the event: its template failed, or the body would be too long. The message says where.
 *
 * The dispatcher counts it as a failed attempt. `isFinal` means that the next try would fail in the same way, so there
 * is none: a person corrects the webhook and has the event delivered again. `isBusy` means that it was not even tried, because too
 * many others wait; that is no attempt.
 */
export class RenderError extends Error {
  override readonly name = 'RenderError';
  readonly code = 'render_failed';
  readonly isFinal: boolean;
  readonly isBusy: boolean;

  constructor(
    message: string,
    {
      isFinal = true,
      isBusy = false,
      cause,
    }: { isFinal?: boolean; isBusy?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.isFinal = isFinal;
    this.isBusy = isBusy;
  }
}

/**
 * A batch was not recorded: shutdown, or the broker took it back. The source settles nothing and goes on; the
 * broker delivers the messages again.
 */
export class BatchGivenUpError extends Error {
  override readonly name = 'BatchGivenUpError';
  readonly code = 'batch_given_up';

  constructor() {
    super('the batch was given up before it was recorded');
  }
}

/**
 * The stored position of a Kafka partition is not where the batch begins: the database was replaced by an older one, or
 * another process decided on the position. Nothing was written. The source asks for the position again and reads there.
 */
export class PositionMovedError extends Error {
  override readonly name = 'PositionMovedError';
  readonly code = 'position_moved';
}
