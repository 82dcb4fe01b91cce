// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Cursor {
  'epoch'?: (string);
  'seq'?: (number | string | Long);
}

export interface Cursor__Output {
  'epoch': (string);
  'seq': (number);
}
