// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Deleted {
  'target'?: (number | string | Long);
}

export interface Deleted__Output {
  'target': (number);
}
