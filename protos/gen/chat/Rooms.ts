// Original file: chat.proto

import type { Room as _chat_Room, Room__Output as _chat_Room__Output } from '../chat/Room.ts';

export interface Rooms {
  'rooms'?: (_chat_Room)[];
}

export interface Rooms__Output {
  'rooms': (_chat_Room__Output)[];
}
