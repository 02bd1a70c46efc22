import { webSocketConversations } from './conversations.ts';
import { pipeWorld } from './world.ts';

webSocketConversations('websocket over a pipe', () => pipeWorld());
webSocketConversations('websocket over a pipe that cuts at random', () => pipeWorld({ cut: 11 }));
