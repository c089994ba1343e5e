/** The buttons that put files and folders into the folder that is shown. */
import { useRef } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { filesChosen } from './dropped-files.ts';
import { addUploads } from './uploads.ts';

export const Toolbar = ({ folder }: { readonly folder: string }) => (
  <div class="toolbar">
    <Chooser folder={folder} label="Upload files" isPrimary />
    <Chooser folder={folder} label="Upload a folder" takesFolder />
  </div>
);

interface ChooserProps {
  readonly folder: string;
  readonly label: string;
  readonly isPrimary?: boolean;
  readonly takesFolder?: boolean;
}

function Chooser({ folder, label, isPrimary = false, takesFolder = false }: ChooserProps) {
  const input = useRef<HTMLInputElement>(null);
  const chosen = () => {
    if (input.current === null) return;
    addUploads(folder, filesChosen(input.current));
    input.current.value = '';
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={label}
        onChange={chosen}
        {...(takesFolder ? { webkitdirectory: true } : {})}
      />
      <button
        type="button"
        class={isPrimary ? 'button primary' : 'button'}
        onClick={() => input.current?.click()}
      >
        <Icon name={takesFolder ? 'folder' : 'upload'} />
        {label}
      </button>
    </>
  );
}
