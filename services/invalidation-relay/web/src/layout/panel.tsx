import './panel.css';
import type { ComponentChildren } from 'preact';
import { connection } from '../live/store.ts';
import type { Known } from '../live/resource.ts';
import type { Section } from '../verdict/statement.ts';

interface PanelProps {
  readonly id: Section;
  readonly title: string;
  /** Beside the title: a count, a sentence. */
  readonly aside?: ComponentChildren;
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Panel({ id, title, aside, tools, children }: PanelProps) {
  return (
    <section class="panel" id={id} aria-labelledby={`${id}-title`} tabIndex={-1}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        {aside !== undefined && <p class="aside">{aside}</p>}
        {tools !== undefined && <div class="tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}

interface ContentProps<Value> {
  readonly known: Known<Value>;
  /** What the data is called, in a sentence: `the replicas`. */
  readonly of: string;
  readonly children: (value: Value) => ComponentChildren;
}

/** What is known, or honestly why nothing is. */
export function Content<Value>({ known: { value, problem }, of, children }: ContentProps<Value>) {
  if (value === undefined) {
    if (problem === undefined) return <p class="state loading">Asking for {of} …</p>;
    if (problem.isMissingRoute) return <p class="state">This relay’s version does not know {of}.</p>;
    return (
      <p class="state problem">
        No answer about {of}: {problem.message}
      </p>
    );
  }
  return (
    <>
      {problem !== undefined && connection.value.state === 'live' && (
        <p class="state problem">Older than it should be: {problem.message}</p>
      )}
      {children(value)}
    </>
  );
}

export function Unavailable({
  domains,
}: {
  domains: readonly { domain: string; reason: string }[] | undefined;
}) {
  if (domains === undefined || domains.length === 0) return null;
  return (
    <p class="state">
      Could not be asked just now: {domains.map(({ domain, reason }) => `${domain} (${reason})`).join(', ')}.
    </p>
  );
}
