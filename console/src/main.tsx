import { render } from 'preact';
import { App } from './app.tsx';
import { startPolling } from './live/poll.ts';
import { applyTheme } from './parts/theme.ts';
import { followAddress } from './route.ts';

applyTheme();
followAddress();
startPolling();
render(<App />, document.getElementById('console') as HTMLElement);
