// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface ChatMessage {
  'username'?: (string);
  'message'?: (string);
  'timestamp'?: (string);
  'room'?: (string);
  'seq'?: (number | string | Long);
  'epoch'?: (string);
  'clientId'?: (string);
}

export interface ChatMessage__Output {
  'username': (string);
  'message': (string);
  'timestamp': (string);
  'room': (string);
  'seq': (number);
  'epoch': (string);
  'clientId': (string);
}
