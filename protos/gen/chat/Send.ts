// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Send {
  'person'?: (number);
  'room'?: (string);
  'clientId'?: (string);
  'text'?: (string);
  'replyTo'?: (number | string | Long);
}

export interface Send__Output {
  'person': (number);
  'room': (string);
  'clientId': (string);
  'text': (string);
  'replyTo': (number);
}
