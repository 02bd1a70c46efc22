import { ListenError } from '../errors.ts';

/** What the system said of an address, as an error that names it. */
export function listenError(where: string, cause: NodeJS.ErrnoException): ListenError {
  const fail = (code: ListenError['code'], why: string): ListenError =>
    new ListenError(code, `Cannot listen on ${where}: ${why}`, { cause });
  const { code = '', message } = cause;
  if (code === 'EADDRINUSE') return fail('HAWSER_ADDRESS_IN_USE', 'the address is in use');
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return fail('HAWSER_ADDRESS_NOT_AVAILABLE', 'this machine does not have the address');
  }
  if (code === 'EACCES' || code === 'EPERM') return fail('HAWSER_PERMISSION', 'permission denied');
  return fail('HAWSER_LISTEN', message);
}
