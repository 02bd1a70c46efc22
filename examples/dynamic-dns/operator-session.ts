import type { Session } from '@hawser/ssh';
import { type Office, runCommand, usage } from './operator-commands.ts';

/** What the operator gets over SSH: one command (`ssh ... list`), or a prompt. */
export function operatorSession(office: Office): (session: Session) => Promise<number> {
  return async (session) => {
    if (session.command !== undefined) {
      const { text, status } = await runCommand(session.command, office);
      await session.write(text);
      return status;
    }
    await session.write(`${office.zone.origin}, serial ${office.zone.serial}\n${usage}`);
    for await (const line of session.lines({ max: 1024, prompt: '> ' })) {
      if (line.trim() === 'exit') break;
      if (line.trim() !== '') await session.write((await runCommand(line, office)).text);
    }
    return 0;
  };
}
