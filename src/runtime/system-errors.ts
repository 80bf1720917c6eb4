/** What the operating system refuses, told as what a user can mend. */
import { UserError } from './errors.ts';

/** What the codes of the system mean, and what can be done about them. */
const MEANINGS: Readonly<Record<string, readonly [got: string, fix?: string]>> = {
  EACCES: ['no permission', 'correct the permissions of the file and of the folders above it'],
  EPERM: ['not permitted', 'correct the permissions of the file and of the folders above it'],
  EROFS: ['a read-only disk', 'choose a folder on a disk that can be written to'],
  ENOSPC: ['no space left on the disk', 'free disk space'],
  EDQUOT: ['your share of the disk is used up', 'free disk space'],
  EFBIG: ['a file larger than the system allows'],
  EIO: ['the device failed', 'try again; if it stays so, copy the data to another disk'],
  ESTALE: ['the share is no longer connected', 'connect it again'],
  ENAMETOOLONG: ['a name that is too long for the system', 'shorten the name of the file or folder'],
  EISDIR: ['a folder, where a file is needed', 'name a file, or move the folder away'],
  ENOTDIR: ['a file, where a folder is needed', 'name a folder, or move the file away'],
  ENOTEMPTY: ['a folder that is not empty', 'move it away'],
  EEXIST: ['something of that name is there already', 'move it away, or choose another name'],
  ENOENT: ['nothing of that name', 'was it moved or removed meanwhile?'],
  ELOOP: ['links that lead to each other in a circle', 'mend or remove the link'],
  EILSEQ: ['a name that this disk cannot store', 'rename the file'],
  EINVAL: ['a name or file that this disk does not allow', 'rename it, or use another disk'],
  EXDEV: ['two disks where one is needed'],
  EBUSY: ['another program uses it', 'end that program'],
  ETXTBSY: ['another program uses it', 'end that program'],
  EMFILE: ['too many open files', 'allow more (`ulimit -n 4096`) and start again'],
  ENFILE: ['too many open files on this machine', 'end other programs'],
  EINTR: ['interrupted by a signal', 'start the command again'],
  EAGAIN: ['too many processes or threads', 'end other programs, or allow more (`ulimit -u`)'],
};

/** `ENOENT: no such file or directory, open '/a'`; the code is lost where an error comes from a thread. */
const MESSAGE = /^(E[A-Z0-9]+): .*?, \w+(?: '(.*?)'(?: -> '(.*)')?)?$/s;

/** What an error of the operating system says to a user; undefined for any other error. */
export function explainSystemError(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined;
  const { code: given, syscall, path: file, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const [, codeOfMessage, firstPath, secondPath] = MESSAGE.exec(error.message) ?? [];
  const code = syscall !== undefined && given && /^E[A-Z0-9]+$/.test(given) ? given : codeOfMessage;
  if (code === undefined) return undefined;
  const [got = error.message, fix] = MEANINGS[code] ?? [];
  const places = [file ?? firstPath, dest ?? secondPath].filter((place) => place !== undefined);
  return new UserError('The system refuses to read or write a file.', {
    where: places.join(' -> ') || undefined,
    got: got === error.message ? got : `${got} (${error.message.split(',')[0]})`,
    fix,
  });
}
