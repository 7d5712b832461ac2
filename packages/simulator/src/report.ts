import type { Violation } from './history.ts';
import type { Plan } from './plan.ts';
import { runPlan } from './run.ts';

/** Heartbeats of the protocol: there are too many of them, and they say nothing when nothing is wrong. */
const BACKGROUND = new Set(['STATUS', 'WATERMARK', 'RING']);
const WIDTH = 150;

/** A schedule as a table: when, who, what, and what came of it. Runs it again. */
export async function narrate(plan: Plan): Promise<string> {
  const lines: { at: number; text: string }[] = [];
  const say = (at: number, who: string, what: string): void => {
    lines.push({ at, text: `${at.toFixed(1).padStart(9)}  ${who.padEnd(22)}  ${what}`.slice(0, WIDTH) });
  };
  const { records, violations } = await runPlan(plan, (now, who, what, args, answer) => {
    if (BACKGROUND.has(what) || isIdle(what, answer)) return;
    say(now, who, `${what.padEnd(8)} ${args.map(brief).join(' ')} → ${brief(answer)}`);
  });
  for (const record of records) {
    const { kind, table, key, replica, minVersion } = record;
    say(
      record.startedAt,
      replica,
      `begins a ${kind} of ${table} ${key}${minVersion === undefined ? '' : ` ≥ ${minVersion}`}`,
    );
    if (record.endedAt === Number.POSITIVE_INFINITY) continue;
    const came = record.outcome === 'ok' ? `${record.value} in version ${record.version}` : record.error;
    say(
      record.endedAt,
      replica,
      `ends its ${kind} of ${table} ${key}: ${came}${record.answeredBy === undefined ? '' : `, from ${record.answeredBy}`}`,
    );
  }
  lines.sort((one, other) => one.at - other.at);
  return [
    '     when  who                     what',
    ...lines.map(({ text }) => text),
    ...violations.map(sentence),
  ].join('\n');
}

export function sentence({ rule, message, record }: Violation): string {
  const when =
    record === undefined
      ? ''
      : ` (operation ${record.index}, ${record.startedAt.toFixed(1)} to ${record.endedAt.toFixed(1)} ms)`;
  return `${rule}: ${message}${when}`;
}

function isIdle(what: string, answer: unknown): boolean {
  if (what !== 'RENEW' || typeof answer !== 'object' || answer === null) return false;
  return 'entries' in answer && Array.isArray(answer.entries) && answer.entries.length === 0;
}

function brief(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 70 ? `${text.slice(0, 69)}…` : text;
}
