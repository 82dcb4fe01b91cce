// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface ChatResponse {
  'success'?: (boolean);
  'message'?: (string);
  'seq'?: (number | string | Long);
  'epoch'?: (string);
  'duplicate'?: (boolean);
}

export interface ChatResponse__Output {
  'success': (boolean);
  'message': (string);
  'seq': (number);
  'epoch': (string);
  'duplicate': (boolean);
}
