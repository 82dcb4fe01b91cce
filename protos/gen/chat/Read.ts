// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Read {
  'room'?: (string);
  'after'?: (number | string | Long);
  'count'?: (number);
  'before'?: (number | string | Long);
  'person'?: (number);
}

export interface Read__Output {
  'room': (string);
  'after': (number);
  'count': (number);
  'before': (number);
  'person': (number);
}
