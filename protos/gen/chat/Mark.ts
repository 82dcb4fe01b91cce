// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Mark {
  'person'?: (number);
  'room'?: (string);
  'seq'?: (number | string | Long);
}

export interface Mark__Output {
  'person': (number);
  'room': (string);
  'seq': (number);
}
