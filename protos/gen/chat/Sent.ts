// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Sent {
  'seq'?: (number | string | Long);
  'epoch'?: (string);
  'timestamp'?: (string);
  'duplicate'?: (boolean);
}

export interface Sent__Output {
  'seq': (number);
  'epoch': (string);
  'timestamp': (string);
  'duplicate': (boolean);
}
