import { randomBytes } from 'node:crypto';

const suffix = randomBytes(3).toString('hex');

/** The name of this process when `INSTANCE_NAME` is not set: the same one for logs, traces and metrics. */
export function defaultInstanceName(service: string): string {
  return `${service}-${suffix}`;
}
