// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Message {
  'text'?: (string);
  'replyTo'?: (number | string | Long);
  'mentions'?: (string)[];
  'edited'?: (number | string | Long);
  'deleted'?: (number | string | Long);
}

export interface Message__Output {
  'text': (string);
  'replyTo': (number);
  'mentions': (string)[];
  'edited': (number);
  'deleted': (number);
}
