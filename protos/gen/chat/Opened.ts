// Original file: chat.proto

import type { Principal as _chat_Principal, Principal__Output as _chat_Principal__Output } from '../chat/Principal.ts';

export interface Opened {
  'person'?: (number);
  'principal'?: (_chat_Principal | null);
}

export interface Opened__Output {
  'person': (number);
  'principal': (_chat_Principal__Output | null);
}
