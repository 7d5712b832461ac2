/** The index behind the run of digits that begins at `from`; `from` itself when there is none. */
export function endOfDigits(text: string, from: number): number {
  let index = from;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code < 48 || code > 57) break;
    index++;
  }
  return index;
}
