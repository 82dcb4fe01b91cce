// Original file: chat.proto

import type { Event as _chat_Event, Event__Output as _chat_Event__Output } from '../chat/Event.ts';
import type { Long } from '@grpc/proto-loader';

export interface Batch {
  'room'?: (string);
  'epoch'?: (string);
  'first'?: (number | string | Long);
  'events'?: (_chat_Event)[];
}

export interface Batch__Output {
  'room': (string);
  'epoch': (string);
  'first': (number);
  'events': (_chat_Event__Output)[];
}
