import { ListenError } from '../errors.ts';

/** What the system said of an address, as an error that names it. */
export function listenError(where: string, cause: NodeJS.ErrnoException): ListenError {
  const fail = (code: ListenError['code'], why: string): ListenError =>
    new ListenError(code, `Cannot listen on ${where}: ${why}`, { cause });
  switch (cause.code) {
    case 'EADDRINUSE':
      return fail('HAWSER_ADDRESS_IN_USE', 'the address is in use');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return fail('HAWSER_ADDRESS_NOT_AVAILABLE', 'this machine does not have the address');
    case 'EACCES':
    case 'EPERM':
      return fail('HAWSER_PERMISSION', 'permission denied');
    default:
      return fail('HAWSER_LISTEN', cause.message);
  }
}
