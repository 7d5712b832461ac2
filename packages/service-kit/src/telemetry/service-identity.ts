import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defaultInstanceName } from '../config/instance-name.ts';

/** Who this process is in traces and metrics: from the environment, else from the package that its entry file is in. */
export function resourceAttributes() {
  const name = process.env['OTEL_SERVICE_NAME'] || packageName(process.argv[1] ?? '') || 'unknown-service';
  return {
    'service.name': name,
    'service.instance.id': process.env['INSTANCE_NAME'] || defaultInstanceName(name),
  };
}

function packageName(entryFile: string): string | undefined {
  for (let folder = dirname(entryFile); folder !== dirname(folder); folder = dirname(folder)) {
    const name = nameIn(join(folder, 'package.json'));
    if (name !== undefined) return name.replace(/^@[^/]*\//, '');
  }
  return undefined;
}

function nameIn(file: string): string | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof content === 'object' && content !== null && 'name' in content
      ? String(content.name)
      : undefined;
  } catch {
    return undefined;
  }
}
