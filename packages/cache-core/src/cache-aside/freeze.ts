const inDevelopment = process.env['NODE_ENV'] !== 'production';

/** Cached values are shared: in development a reader that changes one is told at once. */
export function frozen<T>(value: T): T {
  if (inDevelopment) deepFreeze(value);
  return value;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
