import { type Metric, observableOf } from '@freshet/cache-core/telemetry';
import { metrics } from '@opentelemetry/api';

/** What every process publishes of itself, under the names that Prometheus' own clients use. */
export const processMetrics = {
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    unit: 's',
    labels: {},
    help: 'Processor time, of all threads, user and system',
  },
  memory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    unit: 'By',
    labels: {},
    help: 'Memory that the process occupies',
  },
  heap: {
    name: 'nodejs_heap_used_bytes',
    type: 'gauge',
    unit: 'By',
    labels: {},
    help: "Of it, what JavaScript's objects take, garbage included",
  },
  resources: {
    name: 'nodejs_active_resources',
    type: 'gauge',
    labels: { type: null },
    help: 'What keeps the process alive, by kind: sockets, timers, requests',
  },
} as const satisfies Record<string, Metric>;

let published = false;

/** Once for each process. */
export function publishProcessMetrics(): void {
  if (published) return;
  published = true;
  const meter = metrics.getMeter('@freshet/service-kit');
  const cpu = observableOf(meter, processMetrics.cpu);
  const memory = observableOf(meter, processMetrics.memory);
  const heap = observableOf(meter, processMetrics.heap);
  const resources = observableOf(meter, processMetrics.resources);
  const kindsSeen = new Set<string>();
  meter.addBatchObservableCallback(
    (result) => {
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed } = process.memoryUsage();
      result.observe(cpu, (user + system) / 1e6);
      result.observe(memory, rss);
      result.observe(heap, heapUsed);
      const counts = Map.groupBy(process.getActiveResourcesInfo(), (type) => type);
      for (const type of counts.keys()) kindsSeen.add(type);
      // A kind that is gone is 0, not as many as there were last.
      for (const type of kindsSeen) result.observe(resources, counts.get(type)?.length ?? 0, { type });
    },
    [cpu, memory, heap, resources],
  );
}
