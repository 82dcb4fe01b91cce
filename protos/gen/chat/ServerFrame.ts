// Original file: chat.proto

import type { Opened as _chat_Opened, Opened__Output as _chat_Opened__Output } from '../chat/Opened.ts';
import type { Followed as _chat_Followed, Followed__Output as _chat_Followed__Output } from '../chat/Followed.ts';
import type { Sent as _chat_Sent, Sent__Output as _chat_Sent__Output } from '../chat/Sent.ts';
import type { Batch as _chat_Batch, Batch__Output as _chat_Batch__Output } from '../chat/Batch.ts';
import type { Refused as _chat_Refused, Refused__Output as _chat_Refused__Output } from '../chat/Refused.ts';
import type { Closed as _chat_Closed, Closed__Output as _chat_Closed__Output } from '../chat/Closed.ts';
import type { Link as _chat_Link, Link__Output as _chat_Link__Output } from '../chat/Link.ts';
import type { Parting as _chat_Parting, Parting__Output as _chat_Parting__Output } from '../chat/Parting.ts';
import type { Heartbeat as _chat_Heartbeat, Heartbeat__Output as _chat_Heartbeat__Output } from '../chat/Heartbeat.ts';
import type { Long } from '@grpc/proto-loader';

export interface ServerFrame {
  'id'?: (number | string | Long);
  'opened'?: (_chat_Opened | null);
  'followed'?: (_chat_Followed | null);
  'sent'?: (_chat_Sent | null);
  'page'?: (_chat_Batch | null);
  'refused'?: (_chat_Refused | null);
  'closed'?: (_chat_Closed | null);
  'batch'?: (_chat_Batch | null);
  'link'?: (_chat_Link | null);
  'parting'?: (_chat_Parting | null);
  'heartbeat'?: (_chat_Heartbeat | null);
  'frame'?: "opened"|"followed"|"sent"|"page"|"refused"|"closed"|"batch"|"link"|"parting"|"heartbeat";
}

export interface ServerFrame__Output {
  'id': (number);
  'opened'?: (_chat_Opened__Output | null);
  'followed'?: (_chat_Followed__Output | null);
  'sent'?: (_chat_Sent__Output | null);
  'page'?: (_chat_Batch__Output | null);
  'refused'?: (_chat_Refused__Output | null);
  'closed'?: (_chat_Closed__Output | null);
  'batch'?: (_chat_Batch__Output | null);
  'link'?: (_chat_Link__Output | null);
  'parting'?: (_chat_Parting__Output | null);
  'heartbeat'?: (_chat_Heartbeat__Output | null);
  'frame'?: "opened"|"followed"|"sent"|"page"|"refused"|"closed"|"batch"|"link"|"parting"|"heartbeat";
}
