/** The frame around both views: who answers, where to go, light or dark. */
import { ClusterView } from './cluster/cluster-view.tsx';
import { FilesView } from './files/files-view.tsx';
import { silentSince, status } from './live/live.ts';
import { Silence } from './live/silence.tsx';
import { Icon } from './parts/icon.tsx';
import { nextTheme, theme } from './parts/theme.ts';
import { folderHref, route } from './route.ts';

export function App() {
  const { view } = route.value;
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to content
      </button>
      <header class="bar">
        <span class="brand">
          <img src="icon.svg" alt="" width="22" height="22" />
          DFTFS
        </span>
        <nav aria-label="Views">
          <Tab href="#/cluster" label="Cluster" isHere={view === 'cluster'} />
          <Tab href={folderHref('/')} label="Files" isHere={view === 'files'} />
        </nav>
        <Answering />
        <ThemeSwitch />
      </header>
      <Silence />
      <main id="main" tabIndex={-1}>
        {route.value.view === 'files' ? <FilesView folder={route.value.folder} /> : <ClusterView />}
      </main>
    </>
  );
}

const skip = (): void => document.getElementById('main')?.focus();

const Tab = ({ href, label, isHere }: { href: string; label: string; isHere: boolean }) => (
  <a class="tab" href={href} {...(isHere ? { 'aria-current': 'page' } : {})}>
    {label}
  </a>
);

function Answering() {
  if (status.value === undefined) return <span class="answering">Looking…</span>;
  const isSilent = silentSince.value !== undefined;
  return (
    <span class="answering">
      <span class={isSilent ? 'pulse bad' : 'pulse'} aria-hidden="true" />
      {isSilent ? 'trying again' : `answered by ${status.value.node}`}
    </span>
  );
}

const themeNames = { auto: 'as the system', light: 'light', dark: 'dark' };

const ThemeSwitch = () => (
  <button
    type="button"
    class="button quiet"
    onClick={nextTheme}
    title={`Theme: ${themeNames[theme.value]}`}
    aria-label={`Theme: ${themeNames[theme.value]}. Change it.`}
  >
    <Icon name={theme.value} />
  </button>
);
