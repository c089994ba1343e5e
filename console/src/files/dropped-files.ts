/** What somebody has dropped or chosen: files, and all that is in folders. */
export interface LocalFile {
  readonly file: File;
  /** From where it was dropped, as `photos/a.jpg`. */
  readonly name: string;
}

/** Must be called while the drop is handled; the browser forgets the items after that. */
export async function filesOf(transfer: DataTransfer): Promise<LocalFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  if (entries.every((entry) => entry === null)) {
    return plain.map((file) => ({ file, name: file.name }));
  }
  const found: LocalFile[] = [];
  for (const entry of entries) if (entry !== null) await gather(entry, '', found);
  return found;
}

export const filesChosen = (input: HTMLInputElement): LocalFile[] =>
  [...(input.files ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

async function gather(entry: FileSystemEntry, folder: string, found: LocalFile[]): Promise<void> {
  const name = folder + entry.name;
  if (entry.isFile) found.push({ file: await fileOf(entry as FileSystemFileEntry), name });
  else {
    for (const child of await childrenOf(entry as FileSystemDirectoryEntry)) {
      await gather(child, `${name}/`, found);
    }
  }
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** A reader tells a hundred or so at a time. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    found.push(...some);
  }
}
