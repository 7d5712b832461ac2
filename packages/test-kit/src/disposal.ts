import { afterAll, onTestFinished } from 'vitest';

interface Disposable {
  readonly what: string;
  readonly dispose: () => Promise<unknown>;
}

const ofThisFile: Disposable[] = [];

// Every test file evaluates this module anew, so this is the last hook of each. A hook that is registered by
// a running beforeAll would be ignored, hence the list.
afterAll(() => disposeAll(ofThisFile));

/**
 * Disposes of something at the end of the test that calls this, or of the test file when it is called
 * outside of a test (in beforeAll, at the top of a file); last made, first gone. What must not outlive a
 * killed test run needs more: see `startChildProcess`.
 *
 * Not for concurrent tests of one file: Vitest does not know there which of them is calling.
 */
export function disposeAtEnd(what: string, dispose: () => Promise<unknown>): void {
  try {
    onTestFinished(() => disposeAll([{ what, dispose }]));
  } catch {
    disposeAtFileEnd(what, dispose);
  }
}

/** As {@link disposeAtEnd}, for what the tests of a file share, whoever asks for it first. */
export function disposeAtFileEnd(what: string, dispose: () => Promise<unknown>): void {
  ofThisFile.push({ what, dispose });
}

async function disposeAll(disposables: Disposable[]): Promise<void> {
  const failures: Error[] = [];
  for (const { what, dispose } of disposables.splice(0).toReversed()) {
    try {
      await dispose();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      failures.push(new Error(`${what} could not be cleaned up: ${reason}`, { cause }));
    }
  }
  const [only] = failures;
  if (failures.length === 1) throw only;
  if (only) throw new AggregateError(failures, failures.map(({ message }) => message).join('\n'));
}
