import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const prometheusFolder = fileURLToPath(new URL('../prometheus/', import.meta.url));

export function yamlFilesIn(folder: string): string[] {
  return readdirSync(`${prometheusFolder}${folder}`)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => `${prometheusFolder}${folder}/${file}`)
    .toSorted();
}

const rules = yamlFilesIn('rules').flatMap((file) => {
  const { groups } = parse(readFileSync(file, 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly (AlertRule | RecordingRule)[] }[];
  };
  return groups.flatMap((group) => group.rules);
});

export const alertRules = rules.filter((rule) => 'alert' in rule);
export const recordingRules = rules.filter((rule) => 'record' in rule);

/** `FreshetNoRelay` → `no-relay`: its runbook and its test are called so. */
export function fileNameOf(alert: string): string {
  return alert
    .replace(/^Freshet/, '')
    .replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
}

/** The metrics of this system, and the recorded ones, that a text names. */
export function metricsNamedIn(text: string): string[] {
  return [...new Set(text.match(/\b(?:[a-z_]+:)?freshet_[a-z0-9_]+(?::[a-z0-9_]+)?/g))];
}
