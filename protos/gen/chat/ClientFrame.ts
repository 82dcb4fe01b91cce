// Original file: chat.proto

import type { Open as _chat_Open, Open__Output as _chat_Open__Output } from '../chat/Open.ts';
import type { Follow as _chat_Follow, Follow__Output as _chat_Follow__Output } from '../chat/Follow.ts';
import type { Send as _chat_Send, Send__Output as _chat_Send__Output } from '../chat/Send.ts';
import type { Read as _chat_Read, Read__Output as _chat_Read__Output } from '../chat/Read.ts';
import type { Close as _chat_Close, Close__Output as _chat_Close__Output } from '../chat/Close.ts';
import type { Heartbeat as _chat_Heartbeat, Heartbeat__Output as _chat_Heartbeat__Output } from '../chat/Heartbeat.ts';
import type { Long } from '@grpc/proto-loader';

export interface ClientFrame {
  'id'?: (number | string | Long);
  'open'?: (_chat_Open | null);
  'follow'?: (_chat_Follow | null);
  'send'?: (_chat_Send | null);
  'read'?: (_chat_Read | null);
  'close'?: (_chat_Close | null);
  'heartbeat'?: (_chat_Heartbeat | null);
  'command'?: "open"|"follow"|"send"|"read"|"close"|"heartbeat";
}

export interface ClientFrame__Output {
  'id': (number);
  'open'?: (_chat_Open__Output | null);
  'follow'?: (_chat_Follow__Output | null);
  'send'?: (_chat_Send__Output | null);
  'read'?: (_chat_Read__Output | null);
  'close'?: (_chat_Close__Output | null);
  'heartbeat'?: (_chat_Heartbeat__Output | null);
  'command'?: "open"|"follow"|"send"|"read"|"close"|"heartbeat";
}
