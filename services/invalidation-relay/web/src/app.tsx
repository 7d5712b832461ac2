import './layout/page.css';
import { ActionDialog } from './actions/action-dialog.tsx';
import { Notice } from './actions/notice.tsx';
import { DeadLetters } from './dead-letters/dead-letters.tsx';
import { Findings } from './findings/findings.tsx';
import { History } from './history/history.tsx';
import { Inspector } from './inspector/inspector.tsx';
import { Invalidations } from './invalidations/invalidations.tsx';
import { SectionLinks } from './layout/section-links.tsx';
import { TopBar } from './layout/top-bar.tsx';
import { Replicas } from './replicas/replicas.tsx';
import { Services } from './services/services.tsx';
import { VerdictBanner } from './verdict/verdict-banner.tsx';

export function App() {
  return (
    <>
      <TopBar />
      <main>
        <VerdictBanner />
        <SectionLinks />
        <Services />
        <div class="columns">
          <div class="column">
            <Replicas />
            <Findings />
            <DeadLetters />
          </div>
          <div class="column">
            <Invalidations />
            <History />
          </div>
        </div>
      </main>
      <Inspector />
      <ActionDialog />
      <Notice />
    </>
  );
}
