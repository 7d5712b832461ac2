export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Unix seconds, and the number as text. */
  readonly value: readonly [number, string];
}

/** What an expression is now; a single number is a series without labels. */
export async function query(prometheus: string, expr: string): Promise<readonly Series[]> {
  const { resultType, result } = await get<
    | { readonly resultType: 'vector'; readonly result: readonly Series[] }
    | { readonly resultType: 'scalar'; readonly result: Series['value'] }
  >(prometheus, `query?query=${encodeURIComponent(expr)}`);
  return resultType === 'vector' ? result : [{ metric: {}, value: result }];
}

async function get<Data>(prometheus: string, path: string): Promise<Data> {
  const response = await fetch(`${prometheus}/api/v1/${path}`);
  const answer = (await response.json()) as
    | { readonly status: 'success'; readonly data: Data }
    | { readonly status: 'error'; readonly error: string };
  if (answer.status === 'error') throw new Error(`${decodeURIComponent(path)}: ${answer.error}`);
  return answer.data;
}
