/** An event as filters see it: what costs something is found out once, when the first filter asks for it. */
import type { Envelope } from '../event/envelope.ts';
import { severityOf } from '../event/severity.ts';
import type { Severity } from '../event/severity.ts';
import { UnansweredError } from '../expression/expression-value.ts';

/** An expression does not look into a longer body, so that reading it never holds up the intake. */
export const originalCharsMax = 65_536;

/** Made once, as `expression-value.ts` says. */
const tooLong = new UnansweredError(
  `the original has more than ${originalCharsMax} characters, so that no expression looks into it`,
);

export class Subject {
  readonly envelope: Envelope;
  readonly #body: string | undefined;
  #severity: Severity | undefined;
  #original: unknown;
  #isRead = false;

  /** @param body as it is recorded: what CloudStack put on the bus, or any other cloud's envelope as JSON. */
  constructor(envelope: Envelope, body?: string) {
    this.envelope = envelope;
    this.#body = body;
  }

  get severity(): Severity {
    return (this.#severity ??= severityOf(this.envelope));
  }

  /** By the name that expressions use. @throws {UnansweredError} when the original is too long to look into. */
  fact(name: string): unknown {
    if (name === 'original') return this.#readOriginal();
    if (name === 'severity') return this.severity;
    return Object.hasOwn(this.envelope, name) ? Reflect.get(this.envelope, name) : undefined;
  }

  /** Undefined when it is no JSON. */
  #readOriginal(): unknown {
    if (this.#isRead || this.#body === undefined) return this.#original;
    if (this.#body.length > originalCharsMax) throw tooLong;
    this.#isRead = true;
    try {
      this.#original = JSON.parse(this.#body);
    } catch {
      this.#original = undefined;
    }
    return this.#original;
  }
}
