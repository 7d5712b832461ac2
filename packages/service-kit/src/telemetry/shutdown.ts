const flushes: (() => Promise<void>)[] = [];

export function onTelemetryShutdown(flush: () => Promise<void>): void {
  flushes.push(flush);
}

/** Sends the spans and metrics that are still here. Rejects, or takes its time, when the collector is down. */
export async function shutdownTelemetry(): Promise<void> {
  await Promise.all(flushes.map((flush) => flush()));
}
