import type { Finding } from '../api/contract.ts';

/** Redis holds a key once for each schema version: `user:v2:profile:1` is a form of `user:profile:1`. */
export function logicalKey({ key }: Pick<Finding, 'key'>): string {
  return key.replace(/^([^:]+):v\d+:/, '$1:');
}
