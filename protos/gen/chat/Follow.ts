// Original file: chat.proto

import type { Replay as _chat_Replay, Replay__Output as _chat_Replay__Output } from '../chat/Replay.ts';
import type { Cursor as _chat_Cursor, Cursor__Output as _chat_Cursor__Output } from '../chat/Cursor.ts';

export interface Follow {
  'room'?: (string);
  'replay'?: (_chat_Replay);
  'after'?: (_chat_Cursor | null);
  'count'?: (number);
  'since'?: (string);
  'person'?: (number);
}

export interface Follow__Output {
  'room': (string);
  'replay': (_chat_Replay__Output);
  'after': (_chat_Cursor__Output | null);
  'count': (number);
  'since': (string);
  'person': (number);
}
