/**
 * A chat with rooms: `npm run example examples/chat.ts`, then `nc 127.0.0.1 7000` in two terminals. Say your name, then
 * talk; `/join garden` changes the room, `/who` tells who is there, `/quit` leaves.
 */
import { run, serve } from '@hawser/core';
import { ChatRooms } from './chat-rooms.ts';

await run(serve(process.argv[2] ?? 'tcp://127.0.0.1:7000', new ChatRooms()));
