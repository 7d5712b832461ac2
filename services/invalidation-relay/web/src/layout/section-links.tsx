import { deadLetters, findings } from '../live/store.ts';
import type { Section } from '../verdict/statement.ts';
import { goTo } from './go-to.ts';

/** On a narrow screen the parts lie below each other: this reaches each with one touch. */
export function SectionLinks() {
  const open = findings.value.filter(({ resolvedAt }) => resolvedAt === null).length;
  const dead = deadLetters.known.value.value?.items.length ?? 0;
  const links: readonly { section: Section; name: string; count?: number }[] = [
    { section: 'services', name: 'Services' },
    { section: 'replicas', name: 'Replicas' },
    { section: 'findings', name: 'Audit', count: open },
    { section: 'dead-letters', name: 'Dead letters', count: dead },
    { section: 'invalidations', name: 'Invalidations' },
    { section: 'history', name: 'History' },
  ];
  return (
    <nav class="section-links" aria-label="Parts of this page">
      {links.map(({ section, name, count = 0 }) => (
        <a
          key={section}
          href={`#${section}`}
          onClick={(event) => {
            event.preventDefault();
            goTo(section);
          }}
        >
          {name}
          {count > 0 && <span class="count">{count}</span>}
        </a>
      ))}
    </nav>
  );
}
