import type { CommonConfig } from '../config/common-variables.ts';
import { defaultInstanceName } from '../config/instance-name.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { StartupError } from '../startup-error.ts';
import type { ServiceDefinition } from './service.ts';
import { type RunningService, startService } from './start-service.ts';

/**
 * Runs a service as this process, until SIGTERM or SIGINT: then everything ends in order and the exit
 * code is 0, or 1 when something did not end in time. A second signal exits at once. What keeps the
 * service from starting is one line at level fatal with a `code`, and exit code 1.
 */
export async function runService<Config extends CommonConfig>(
  definition: ServiceDefinition<Config>,
): Promise<void> {
  // Speaks before the configuration is known, and when it is wrong.
  const log = createLogger({
    service: definition.name,
    instance: process.env['INSTANCE_NAME'] || defaultInstanceName(definition.name),
  });
  exitOnUnexpected(log);
  let running: RunningService | undefined;
  onSignal(log, async () => {
    // Nothing is served yet, and an open migration rolls back: there is nothing to wait for.
    const clean = running === undefined || (await running.stop());
    process.exit(clean ? 0 : 1);
  });
  try {
    running = await startService(definition);
  } catch (error) {
    if (error instanceof StartupError) log.fatal({ code: error.code }, error.message);
    else
      log.fatal(
        { err: error, code: 'FRESHET_START' },
        'the service could not start, for a reason that nobody foresaw',
      );
    process.exit(1);
  }
}

function onSignal(log: Logger, shutDown: () => Promise<void>): void {
  let seen = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (seen) process.exit(1);
      seen = true;
      log.info({ signal }, 'shutting down');
      void shutDown();
    });
  }
}

/** Nothing is known about the state of the process any more: it ends, and its supervisor starts another. */
function exitOnUnexpected(log: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error, event }, 'unexpected error: the process ends');
      process.exit(1);
    });
  }
}
