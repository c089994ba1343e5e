/** Nobody has answered for a while: says so, and where else the console is. */
import { useEffect, useState } from 'preact/hooks';
import { silentSince, status } from './live.ts';

/** Shorter ones are those of a connection to a node that has just died. */
const noticeMs = 1500;

export function Silence() {
  const [isLong, setLong] = useState(false);
  const isSilent = silentSince.value !== undefined;
  useEffect(() => {
    if (!isSilent) return setLong(false);
    const timer = setTimeout(() => setLong(true), noticeMs);
    return () => clearTimeout(timer);
  }, [isSilent]);
  if (!isLong) return null;
  return (
    <div class="silence" role="alert">
      <strong>Nobody answers at {location.host}.</strong> What you see is how things were. This page
      goes on trying.
      <OtherDoors />
    </div>
  );
}

/** Each node has a door of its own; the page's address may be that of one that is gone. */
function OtherDoors() {
  const nodes = status.value?.nodes ?? [];
  const others = nodes.filter(({ live, httpPort }) => live && String(httpPort) !== location.port);
  if (others.length === 0) return null;
  return (
    <span>
      {' '}
      Try the console at{' '}
      {others.map(({ id, host, httpPort }, index) => (
        <>
          {index > 0 && ', '}
          <a key={id} href={`${location.protocol}//${host}:${httpPort}/-/console/${location.hash}`}>
            {id}
          </a>
        </>
      ))}
      .
    </span>
  );
}
