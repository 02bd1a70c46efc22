import { httpConversations } from './conversations.ts';
import { tcpWorld, tlsWorld } from './world.ts';

httpConversations('http over TCP', tcpWorld);
httpConversations('http over TLS', tlsWorld);
