/** SQLSTATEs (or classes of them) that mean: not now, perhaps later. */
const busyStates = new Set([
  '25006', // read-only: a failover is under way
  '25P03', // idle in transaction for too long
  '25P04', // transaction took too long
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not got in time
  '57014', // statement took too long
  '57P01', // terminated by an administrator
  '57P02', // crash of another backend
  '57P03', // starting up or shutting down
  '57P05', // idle session ended
]);
const busyClasses = new Set(['08', '28', '53', '58']);
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
// pg gives these no code.
const connectionMessages = [
  'timeout exceeded when trying to connect',
  'Connection terminated',
  'Query read timeout',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
  'Cannot use a pool after calling end on the pool',
];

/** Whether Postgres is not reachable, refuses connections, or gave up for want of time. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = sqlStateOf(error);
  if (code !== undefined) {
    if (busyStates.has(code) || busyClasses.has(code.slice(0, 2))) return true;
    return networkCodes.has(code) && 'syscall' in error;
  }
  if (error instanceof AggregateError)
    return error.errors.length > 0 && error.errors.every(isDatabaseUnavailable);
  return connectionMessages.some((message) => error.message.startsWith(message));
}

/** Whether Postgres refused a text that UTF-8 allows and it does not: U+0000. */
export function isInvalidText(error: unknown): boolean {
  const code = error instanceof Error ? sqlStateOf(error) : undefined;
  return code === '22021' || code === '22P05';
}

/** Whether a unique constraint was violated, or the one named. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (!(error instanceof Error) || sqlStateOf(error) !== '23505') return false;
  return constraint === undefined || ('constraint' in error && error.constraint === constraint);
}

/** Whether a foreign key was violated, or the one named. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  if (!(error instanceof Error) || sqlStateOf(error) !== '23503') return false;
  return constraint === undefined || ('constraint' in error && error.constraint === constraint);
}

export function sqlStateOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
