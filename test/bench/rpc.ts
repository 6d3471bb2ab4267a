/**
 * Calls into a process of our own. What is measured and what measures it run apart, so that neither waits for the other's
 * garbage collector.
 */
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { resolve } from 'node:path';

/** What a process can be asked, by name. An argument or answer is whatever `structuredClone` takes. */
export type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

export interface Child<H extends Handlers> extends AsyncDisposable {
  readonly pid: number;
  /** @throws Error with the handler's message when it threw, or when the process is gone. */
  call<K extends keyof H & string>(
    name: K,
    argument: Parameters<H[K]>[0],
  ): Promise<Awaited<ReturnType<H[K]>>>;
}

interface Question {
  readonly id: number;
  readonly name: string;
  /** The caller's types say that it is what the handler takes. */
  readonly argument: never;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** @param file beside this one; it calls `answerParent`. */
export function startChild<H extends Handlers>(file: string): Child<H> {
  const child = fork(resolve(import.meta.dirname, file), { serialization: 'advanced' });
  const answers = new EventEmitter();
  let lastId = 0;
  child.on('message', ({ id, value, error }: Answer) => {
    answers.emit(String(id), value, error);
  });
  child.once('exit', code => {
    // Whoever waits for an answer gets this error; when nobody does, the event must not end this process.
    answers.once('error', () => undefined);
    answers.emit('error', new Error(`${file} ended with ${code}`));
  });
  return {
    pid: child.pid ?? -1,
    async call(name, argument) {
      lastId += 1;
      const answered = once(answers, String(lastId));
      child.send({ id: lastId, name, argument });
      const [value, error] = await answered;
      if (error !== undefined) throw new Error(`${file}, ${name}: ${String(error)}`);
      return value;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

/** In the process that was started: answers until the parent lets go of it, however the parent ends. */
export function answerParent(handlers: Handlers): void {
  process.on('message', (question: Question) => {
    void answer(handlers, question).then(result => process.send?.(result));
  });
  process.on('disconnect', () => process.exit());
}

async function answer(handlers: Handlers, { id, name, argument }: Question): Promise<Answer> {
  try {
    return { id, value: await handlers[name]?.(argument) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
