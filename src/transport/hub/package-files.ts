import type { FtpFileSystem } from './ftp-srv-door';
import type { LoggedIn } from './session';
import { notAllowed } from './refusal';

/** A site's tree in the shape that ftp-srv's own commands ask for. */
export function packageFiles({ files, deposits }: LoggedIn): FtpFileSystem {
  return {
    currentDirectory: () => files.cwd,
    chdir: async (path = '/') => {
      await files.changeFolder(path);
      return files.cwd;
    },
    get: async (path) => {
      const entry = await files.entry(files.node(path));
      if (entry.folder) throw notAllowed();
      return { size: String(entry.size), mtime: new Date(entry.modified) };
    },
    delete: async (path) => {
      const node = files.node(path);
      if (node.kind === 'answer') await deposits.discardAnswer(node.question);
      else if (node.kind === 'part') await deposits.discard(node);
      else throw notAllowed();
    },
  };
}
