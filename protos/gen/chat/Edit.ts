// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Edit {
  'person'?: (number);
  'room'?: (string);
  'clientId'?: (string);
  'target'?: (number | string | Long);
  'text'?: (string);
}

export interface Edit__Output {
  'person': (number);
  'room': (string);
  'clientId': (string);
  'target': (number);
  'text': (string);
}
