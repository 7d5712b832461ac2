import './verdict.css';
import { ageOf, countOf, plural, timeOf } from '../appearance/format.ts';
import { inspect } from '../inspector/inspected.ts';
import { goTo } from '../layout/go-to.ts';
import { LevelIcon } from '../layout/icons.tsx';
import { now } from '../live/clock.ts';
import { filter } from '../live/invalidation-feed.ts';
import { overview } from '../live/store.ts';
import { verdict } from './current-verdict.ts';
import { keyOf, type Section, type Statement, type Target } from './statement.ts';

/** The answer to the question for which this page was opened. */
export function VerdictBanner() {
  const { level, headline, statements } = verdict.value;
  return (
    <section class="verdict" data-level={level} aria-labelledby="verdict">
      <div role="status">
        <h2 id="verdict">
          <LevelIcon level={level} />
          <span>{headline}</span>
        </h2>
      </div>
      {statements.length === 0 ? (
        <Evidence />
      ) : (
        <ul>
          {statements.map((statement) => (
            <StatementLine key={keyOf(statement)} statement={statement} />
          ))}
        </ul>
      )}
    </section>
  );
}

/** What the good news rests on. */
function Evidence() {
  const domains = overview.known.value.value?.domains;
  if (domains === undefined) return <p class="evidence"> </p>;
  const samples = domains.reduce(
    (sum, { consistency: { l1, l2 } }) => sum + l1['1h'].samples + l2['1h'].samples,
    0,
  );
  const stale = domains.reduce(
    (sum, { consistency: { l1, l2 } }) => sum + l1['1h'].stale + l2['1h'].stale,
    0,
  );
  const live = domains.reduce((sum, { replicas }) => sum + replicas.live, 0);
  return (
    <p class="evidence">
      {samples > 0 &&
        (stale === 0
          ? `None of ${countOf(samples)} samples of the last hour was old. `
          : `${countOf(stale)} of ${countOf(samples)} samples of the last hour were old; all of that is over. `)}
      {plural(live, 'replica')} {live === 1 ? 'serves' : 'serve'} from memory.
    </p>
  );
}

function StatementLine({ statement }: { statement: Statement }) {
  const { level, who, what, since, noticed, because, todo, target, runbook } = statement;
  return (
    <li>
      <LevelIcon level={level} />
      <div>
        <p>
          <strong>{who}</strong> {what}
          {since !== undefined && (
            <>
              , since <time dateTime={since}>{timeOf(since, now.value)}</time> ({ageOf(since, now.value)})
            </>
          )}
          {since === undefined && noticed !== undefined && (
            <>
              , noticed <time dateTime={noticed}>{timeOf(noticed, now.value)}</time> (
              {ageOf(noticed, now.value)} ago)
            </>
          )}
          {because !== undefined && <>: {because.replace(/\.$/, '')}</>}.
        </p>
        <p class="todo">
          {todo} {target !== undefined && <GoButton target={target} />}
          {runbook !== undefined && <span class="runbook">docs/runbooks/{runbook}.md</span>}
        </p>
      </div>
    </li>
  );
}

/** Of the invalidations an operator who comes from here wants those that wait. */
function show(section: Section): void {
  if (section === 'invalidations') filter.value = 'waiting';
  goTo(section);
}

const names = {
  services: 'services',
  replicas: 'replicas',
  invalidations: 'invalidations',
  findings: 'findings',
  'dead-letters': 'dead letters',
  history: 'history',
} as const;

function GoButton({ target }: { target: Target }) {
  return target.kind === 'key' ? (
    <button type="button" class="link" onClick={() => inspect(target.key)}>
      Inspect {target.key}
    </button>
  ) : (
    <button type="button" class="link" onClick={() => show(target.section)}>
      Show {names[target.section]}
    </button>
  );
}
