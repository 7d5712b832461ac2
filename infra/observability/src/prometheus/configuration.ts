import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

/** A process to be scraped. */
export interface Target {
  /** Stands in its series as `instance`. */
  readonly name: string;
  /** The program; also the name of its scrape job. */
  readonly service: string;
  readonly url: string;
}

const shipped = new URL('../../prometheus/prometheus.yml', import.meta.url);

/**
 * The configuration that ships, for processes on this machine: the same jobs and rules, but addresses instead of names.
 *
 * @param everySeconds between two scrapes, and between two evaluations; default as shipped
 */
export function configurationFor(targets: readonly Target[], everySeconds?: number): string {
  const { global, rule_files, scrape_configs } = parse(readFileSync(shipped, 'utf8')) as {
    readonly global: Readonly<Record<string, string>>;
    readonly rule_files: readonly string[];
    readonly scrape_configs: readonly { readonly job_name: string }[];
  };
  const often = `${everySeconds}s`;
  return stringify({
    global:
      everySeconds === undefined
        ? global
        : { scrape_interval: often, scrape_timeout: often, evaluation_interval: often },
    rule_files: rule_files.map((path) => fileURLToPath(new URL(path, shipped))),
    scrape_configs: scrape_configs.map(({ job_name }) => ({
      job_name,
      static_configs: targets
        .filter(({ service }) => service === job_name)
        .map(({ name, url }) => ({ targets: [new URL(url).host], labels: { instance: name } })),
    })),
  });
}
