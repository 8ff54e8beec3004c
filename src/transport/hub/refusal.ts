import { errorCode } from '../disk';

/** A command that is refused: FTP reply code, and a text for whoever reads the line by hand. */
export class FtpRefusal extends Error {
  constructor(
    readonly reply: number,
    message: string,
  ) {
    super(message);
    this.name = 'FtpRefusal';
  }
}

export const notFound = (): FtpRefusal => new FtpRefusal(550, 'No such file');
export const notAllowed = (): FtpRefusal => new FtpRefusal(550, 'Not allowed');
/** Part renamed although its content is not what its name promised. */
export const wrongDigest = (): FtpRefusal => new FtpRefusal(556, 'Content does not match its name');
/** The number is taken by other bytes, which never change. */
export const alreadyThere = (): FtpRefusal => new FtpRefusal(553, 'Already there with other content');
export const noRoom = (): FtpRefusal => new FtpRefusal(452, 'No space left');
export const busy = (): FtpRefusal => new FtpRefusal(450, 'File busy');

/** What to answer for any failure; never shows a path of the hub's disk. */
export function toRefusal(error: unknown): FtpRefusal {
  if (error instanceof FtpRefusal) return error;
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return noRoom();
  if (code === 'ENOENT') return notFound();
  return new FtpRefusal(451, `Local error ${code ?? ''}`.trimEnd());
}
