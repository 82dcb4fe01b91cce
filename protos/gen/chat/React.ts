// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface React {
  'person'?: (number);
  'room'?: (string);
  'clientId'?: (string);
  'target'?: (number | string | Long);
  'emoji'?: (string);
  'remove'?: (boolean);
}

export interface React__Output {
  'person': (number);
  'room': (string);
  'clientId': (string);
  'target': (number);
  'emoji': (string);
  'remove': (boolean);
}
