// Original file: chat.proto

import type { Message as _chat_Message, Message__Output as _chat_Message__Output } from '../chat/Message.ts';
import type { Edited as _chat_Edited, Edited__Output as _chat_Edited__Output } from '../chat/Edited.ts';
import type { Deleted as _chat_Deleted, Deleted__Output as _chat_Deleted__Output } from '../chat/Deleted.ts';
import type { Reacted as _chat_Reacted, Reacted__Output as _chat_Reacted__Output } from '../chat/Reacted.ts';
import type { Settings as _chat_Settings, Settings__Output as _chat_Settings__Output } from '../chat/Settings.ts';
import type { Long } from '@grpc/proto-loader';

export interface Event {
  'seq'?: (number | string | Long);
  'timestamp'?: (string);
  'sender'?: (string);
  'clientId'?: (string);
  'message'?: (_chat_Message | null);
  'edited'?: (_chat_Edited | null);
  'deleted'?: (_chat_Deleted | null);
  'reacted'?: (_chat_Reacted | null);
  'unreacted'?: (_chat_Reacted | null);
  'settings'?: (_chat_Settings | null);
  'author'?: (string);
  'body'?: "message"|"edited"|"deleted"|"reacted"|"unreacted"|"settings";
}

export interface Event__Output {
  'seq': (number);
  'timestamp': (string);
  'sender': (string);
  'clientId': (string);
  'message'?: (_chat_Message__Output | null);
  'edited'?: (_chat_Edited__Output | null);
  'deleted'?: (_chat_Deleted__Output | null);
  'reacted'?: (_chat_Reacted__Output | null);
  'unreacted'?: (_chat_Reacted__Output | null);
  'settings'?: (_chat_Settings__Output | null);
  'author': (string);
  'body'?: "message"|"edited"|"deleted"|"reacted"|"unreacted"|"settings";
}
