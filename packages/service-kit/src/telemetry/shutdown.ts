let flush: (() => Promise<void>) | undefined;

export function onTelemetryShutdown(shutdown: () => Promise<void>): void {
  flush = shutdown;
}

/**
 * Sends the spans that are still here. Never rejects: a collector that is down must not change how the
 * process ends. The caller bounds the time.
 */
export async function shutdownTelemetry(): Promise<void> {
  try {
    await flush?.();
  } catch {
    // Nobody is left to tell.
  }
}
