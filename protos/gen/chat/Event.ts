// Original file: chat.proto

import type { Message as _chat_Message, Message__Output as _chat_Message__Output } from '../chat/Message.ts';
import type { Long } from '@grpc/proto-loader';

export interface Event {
  'seq'?: (number | string | Long);
  'timestamp'?: (string);
  'sender'?: (string);
  'clientId'?: (string);
  'message'?: (_chat_Message | null);
  'body'?: "message";
}

export interface Event__Output {
  'seq': (number);
  'timestamp': (string);
  'sender': (string);
  'clientId': (string);
  'message'?: (_chat_Message__Output | null);
  'body'?: "message";
}
