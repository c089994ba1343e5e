/** Nobody has answered for a while: says so, and where else the console is. */
import { useEffect, useState } from 'preact/hooks';
import { silentSince, status } from './live.ts';
import { otherConsoles } from './other-door.ts';

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

function OtherDoors() {
  const others = [...otherConsoles(status.value?.nodes ?? [], location)];
  if (others.length === 0) return null;
  return (
    <span>
      {' '}
      Try the console at{' '}
      {others.map(([id, address], index) => (
        <>
          {index > 0 && ', '}
          <a key={id} href={address}>
            {id}
          </a>
        </>
      ))}
      .
    </span>
  );
}
