import { render } from 'preact';
import './appearance/console.css';
import { session } from './actions/operator.ts';
import { App } from './app.tsx';
import { goLive } from './live/store.ts';

const root = document.getElementById('console');
if (root !== null) render(<App />, root);
goLive();
void session.load();
