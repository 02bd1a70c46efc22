import { httpConversations } from './conversations.ts';
import { pipeWorld } from './world.ts';

httpConversations('http over a pipe', () => pipeWorld());
httpConversations('http over a pipe that cuts at random', () => pipeWorld({ cut: 7 }));
