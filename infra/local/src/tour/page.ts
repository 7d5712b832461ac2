import { styleText } from 'node:util';

/** What the tour writes on: lines of 80 columns at most, in colour on a terminal unless NO_COLOR is set. */
export interface Page {
  title(text: string): void;
  /** A heading, numbered. */
  step(text: string): void;
  /** Something that happened, and what it answered. */
  seen(what: string, answer: string): void;
  /** A thing that was promised: marked when it is not what was seen. */
  promise(kept: boolean, promised: string, seen: string): void;
  /** To be copied: printed as it is. */
  copy(text: string): void;
  text(text: string): void;
  /** How many promises were not kept. */
  readonly broken: number;
}

const COLUMNS = 80;
const ANSWER_COLUMN = 28;

export function openPage(stream: NodeJS.WriteStream): Page {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream });
  const line = (text = '') => stream.write(`${text}\n`);
  let steps = 0;
  let broken = 0;
  return {
    get broken() {
      return broken;
    },
    title(text) {
      line();
      line(style('bold', text));
    },
    step(text) {
      steps += 1;
      line();
      line(style(['bold', 'cyan'], `${steps}  ${text}`));
    },
    seen(what, answer) {
      line(`   ${what.padEnd(ANSWER_COLUMN)} ${answer}`);
    },
    promise(kept, promised, seen) {
      if (kept) {
        line(style('green', `   ✓ ${promised}`));
        return;
      }
      broken += 1;
      line(style(['bold', 'red'], `   ✗ NOT AS PROMISED: ${promised}`));
      line(style('red', `     seen instead: ${seen}`));
    },
    copy(text) {
      line(style('yellow', text));
    },
    text(text) {
      line(style('dim', text === '' ? text : `   ${text}`));
    },
  };
}

/** Milliseconds, as precise as it makes sense to print them. */
export function ms(duration: number): string {
  return `${duration.toFixed(duration < 10 ? 1 : 0)} ms`;
}

/** A command for the shell, broken between its words where it would be too wide. */
export function shellLines(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.pop();
    const longer = `${line} ${word}`;
    if (line === undefined) lines.push(word);
    else if (longer.length + ' \\'.length <= COLUMNS) lines.push(longer);
    else lines.push(line, `  ${word}`);
  }
  return lines.join(' \\\n');
}
