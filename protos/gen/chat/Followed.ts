// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Followed {
  'room'?: (string);
  'epoch'?: (string);
  'head'?: (number | string | Long);
  'after'?: (number | string | Long);
  'recovered'?: (boolean);
}

export interface Followed__Output {
  'room': (string);
  'epoch': (string);
  'head': (number);
  'after': (number);
  'recovered': (boolean);
}
