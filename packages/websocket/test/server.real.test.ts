import { webSocketConversations } from './conversations.ts';
import { tcpWorld, tlsWorld } from './world.ts';

webSocketConversations('websocket over TCP', tcpWorld);
webSocketConversations('websocket over TLS', tlsWorld);
