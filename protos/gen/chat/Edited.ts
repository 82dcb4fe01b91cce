// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Edited {
  'target'?: (number | string | Long);
  'text'?: (string);
  'mentions'?: (string)[];
}

export interface Edited__Output {
  'target': (number);
  'text': (string);
  'mentions': (string)[];
}
