import './appearance/colours.css';
import './appearance/text.css';
import './appearance/controls.css';
import './appearance/tables.css';
import { render } from 'preact';
import { session } from './actions/operator.ts';
import { App } from './app.tsx';
import { explainFindings } from './live/finding-events.ts';
import { goLive } from './live/store.ts';
import { showInTitle } from './verdict/page-title.ts';

const root = document.getElementById('console');
if (root !== null) render(<App />, root);
showInTitle();
explainFindings();
goLive();
void session.load();
