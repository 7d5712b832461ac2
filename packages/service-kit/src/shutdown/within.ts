/** Runs `work`, for `ms` at most. Rejects with `message` when it takes longer; the work itself goes on unwatched. */
export async function within<T>(
  ms: number,
  work: () => Promise<T>,
  message = `took longer than ${Math.round(ms)} ms`,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(message)), Math.max(0, ms));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
