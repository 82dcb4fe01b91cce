// Original file: chat.proto

import type { Long } from '@grpc/proto-loader';

export interface Room {
  'room'?: (string);
  'topic'?: (string);
  'archived'?: (boolean);
  'epoch'?: (string);
  'head'?: (number | string | Long);
  'read'?: (number | string | Long);
  'creator'?: (string);
  'created'?: (string);
  'active'?: (string);
  'author'?: (string);
}

export interface Room__Output {
  'room': (string);
  'topic': (string);
  'archived': (boolean);
  'epoch': (string);
  'head': (number);
  'read': (number);
  'creator': (string);
  'created': (string);
  'active': (string);
  'author': (string);
}
