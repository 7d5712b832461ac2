let flush: () => Promise<void> = async () => {};

export function onTelemetryShutdown(shutdown: () => Promise<void>): void {
  flush = shutdown;
}

/** Sends the spans that are still here. Rejects, or takes its time, when the collector is down. */
export function shutdownTelemetry(): Promise<void> {
  return flush();
}
