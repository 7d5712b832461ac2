/** What a failure says to operators. ioredis tells how it is configured where it is not connected. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith("Stream isn't writeable") ? 'not connected to Redis' : message;
}
