import { fileURLToPath } from 'node:url';
import { startProcess, type TestProcess } from '@freshet/test-kit';

const entryFile = fileURLToPath(new URL('./fixtures/service.ts', import.meta.url));
const register = new URL('../src/telemetry/register.ts', import.meta.url).href;

export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

export interface FixtureProcess extends TestProcess {
  /** Its output, each line a JSON object. */
  log(): LogLine[];
  /** Where it listens. */
  url(): string;
}

const nothing = { OTEL_EXPORTER_OTLP_ENDPOINT: undefined, DATABASE_URL: undefined, LOG_LEVEL: undefined };

/** Runs the fixture as its own process, ready when a line has the message `until` (null: at once). */
export async function startFixture(
  env: Record<string, string> = {},
  until: string | null = 'listening',
): Promise<FixtureProcess> {
  const started = await startProcess({
    name: 'fixture-service',
    command: process.execPath,
    args: ['--conditions=@freshet/source', '--import', register, entryFile],
    env: { ...nothing, REDIS_CACHE_URL: 'redis://127.0.0.1:1', PORT: '0', ...env },
    ...(until === null ? {} : { ready: (line: string) => line.includes(`"msg":"${until}"`) }),
  });
  const log = () => started.lines.map((line): LogLine => JSON.parse(line));
  return {
    ...started,
    lines: started.lines,
    log,
    url: () => String(log().find(({ msg }) => msg === 'listening')?.['url']),
  };
}

export function messages(fixture: FixtureProcess): string[] {
  return fixture.log().map(({ msg }) => msg);
}
