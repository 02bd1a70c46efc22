/** What the system says, in the words of node. */
export function systemError(code: string, syscall: string, where?: string): NodeJS.ErrnoException {
  const message = `${syscall} ${code}${where === undefined ? '' : ` ${where}`}`;
  return Object.assign(new Error(message), { code, syscall });
}
