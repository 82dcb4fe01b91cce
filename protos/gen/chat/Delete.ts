// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Delete {
  'person'?: (number);
  'room'?: (string);
  'clientId'?: (string);
  'target'?: (number | string | Long);
}

export interface Delete__Output {
  'person': (number);
  'room': (string);
  'clientId': (string);
  'target': (number);
}
