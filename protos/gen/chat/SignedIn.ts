// Original file: chat.proto

import type { Principal as _chat_Principal, Principal__Output as _chat_Principal__Output } from '../chat/Principal.ts';

export interface SignedIn {
  'token'?: (string);
  'principal'?: (_chat_Principal | null);
  'expires'?: (string);
}

export interface SignedIn__Output {
  'token': (string);
  'principal': (_chat_Principal__Output | null);
  'expires': (string);
}
