/** The frame around both views: who answers, where to go, light or dark. */
import { useEffect } from 'preact/hooks';
import { ClusterView } from './cluster/cluster-view.tsx';
import { FilesView } from './files/files-view.tsx';
import { forgetListing } from './files/listing.ts';
import { forget, refusal, silentSince, status } from './live/live.ts';
import { Silence } from './live/silence.tsx';
import { Icon } from './parts/icon.tsx';
import { nextTheme, theme } from './parts/theme.ts';
import { folderHref, route } from './route.ts';
import { Account } from './session/account.tsx';
import { nearestFolder } from './session/grants.ts';
import { type Session, session } from './session/session.ts';
import { SignInForm } from './session/sign-in-form.tsx';

export function App() {
  const { view } = route.value;
  const now = session.value;
  const isOut = now.state === 'out';
  useEffect(() => {
    if (!isOut) return;
    forget();
    forgetListing();
  }, [isOut]);
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
        {!isOut && (
          <nav aria-label="Views">
            <Tab href="#/cluster" label="Cluster" isHere={view === 'cluster'} />
            <Tab href={folderHref(homeOf(now))} label="Files" isHere={view === 'files'} />
          </nav>
        )}
        <Answering />
        <Account />
        <ThemeSwitch />
      </header>
      <Silence />
      <main id="main" tabIndex={-1}>
        {isOut ? <SignInForm why={now.why} /> : <View />}
      </main>
    </>
  );
}

const View = () =>
  route.value.view === 'files' ? <FilesView folder={route.value.folder} /> : <ClusterView />;

const homeOf = (now: Session): string =>
  now.state === 'in' ? nearestFolder('/', now.grants) : '/';

const skip = (): void => document.getElementById('main')?.focus();

const Tab = ({ href, label, isHere }: { href: string; label: string; isHere: boolean }) => (
  <a class="tab" href={href} {...(isHere ? { 'aria-current': 'page' } : {})}>
    {label}
  </a>
);

function Answering() {
  if (session.value.state === 'out' || refusal.value !== undefined) {
    return <span class="answering" />;
  }
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
