// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Reacted {
  'target'?: (number | string | Long);
  'emoji'?: (string);
}

export interface Reacted__Output {
  'target': (number);
  'emoji': (string);
}
