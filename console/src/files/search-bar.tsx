/** Finds by the beginning of a name, in this folder or in all under it. '/' leads here. */
import { useEffect, useRef } from 'preact/hooks';

export interface SearchBarProps {
  readonly prefix: string;
  readonly recursive: boolean;
  readonly onPrefix: (prefix: string) => void;
  readonly onRecursive: (recursive: boolean) => void;
}

export function SearchBar({ prefix, recursive, onPrefix, onRecursive }: SearchBarProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const jump = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLInputElement;
      if (event.key !== '/' || isTyping || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', jump);
    return () => removeEventListener('keydown', jump);
  }, []);
  return (
    <search class="search">
      <label>
        <span class="unseen">Names that begin with</span>
        <input
          ref={input}
          type="search"
          placeholder="Names that begin with…"
          value={prefix}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => onPrefix(event.currentTarget.value)}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={recursive}
          onChange={(event) => onRecursive(event.currentTarget.checked)}
        />
        Folders’ contents too
      </label>
      <p class="keys">
        <kbd>/</kbd> search <kbd>↑</kbd>
        <kbd>↓</kbd> move <kbd>Enter</kbd> open <kbd>Delete</kbd> delete
      </p>
    </search>
  );
}
