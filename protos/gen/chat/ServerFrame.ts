// Original file: chat.proto

import type { Opened as _chat_Opened, Opened__Output as _chat_Opened__Output } from '../chat/Opened.ts';
import type { Followed as _chat_Followed, Followed__Output as _chat_Followed__Output } from '../chat/Followed.ts';
import type { Sent as _chat_Sent, Sent__Output as _chat_Sent__Output } from '../chat/Sent.ts';
import type { Batch as _chat_Batch, Batch__Output as _chat_Batch__Output } from '../chat/Batch.ts';
import type { Refused as _chat_Refused, Refused__Output as _chat_Refused__Output } from '../chat/Refused.ts';
import type { Done as _chat_Done, Done__Output as _chat_Done__Output } from '../chat/Done.ts';
import type { Room as _chat_Room, Room__Output as _chat_Room__Output } from '../chat/Room.ts';
import type { Rooms as _chat_Rooms, Rooms__Output as _chat_Rooms__Output } from '../chat/Rooms.ts';
import type { Names as _chat_Names, Names__Output as _chat_Names__Output } from '../chat/Names.ts';
import type { Roster as _chat_Roster, Roster__Output as _chat_Roster__Output } from '../chat/Roster.ts';
import type { Link as _chat_Link, Link__Output as _chat_Link__Output } from '../chat/Link.ts';
import type { Parting as _chat_Parting, Parting__Output as _chat_Parting__Output } from '../chat/Parting.ts';
import type { Heartbeat as _chat_Heartbeat, Heartbeat__Output as _chat_Heartbeat__Output } from '../chat/Heartbeat.ts';
import type { Closed as _chat_Closed, Closed__Output as _chat_Closed__Output } from '../chat/Closed.ts';
import type { Long } from '@grpc/proto-loader';

export interface ServerFrame {
  'id'?: (number | string | Long);
  'opened'?: (_chat_Opened | null);
  'followed'?: (_chat_Followed | null);
  'sent'?: (_chat_Sent | null);
  'page'?: (_chat_Batch | null);
  'refused'?: (_chat_Refused | null);
  'done'?: (_chat_Done | null);
  'room'?: (_chat_Room | null);
  'rooms'?: (_chat_Rooms | null);
  'names'?: (_chat_Names | null);
  'roster'?: (_chat_Roster | null);
  'batch'?: (_chat_Batch | null);
  'link'?: (_chat_Link | null);
  'parting'?: (_chat_Parting | null);
  'heartbeat'?: (_chat_Heartbeat | null);
  'closed'?: (_chat_Closed | null);
  'frame'?: "opened"|"followed"|"sent"|"page"|"refused"|"done"|"room"|"rooms"|"names"|"roster"|"batch"|"link"|"parting"|"heartbeat"|"closed";
}

export interface ServerFrame__Output {
  'id': (number);
  'opened'?: (_chat_Opened__Output | null);
  'followed'?: (_chat_Followed__Output | null);
  'sent'?: (_chat_Sent__Output | null);
  'page'?: (_chat_Batch__Output | null);
  'refused'?: (_chat_Refused__Output | null);
  'done'?: (_chat_Done__Output | null);
  'room'?: (_chat_Room__Output | null);
  'rooms'?: (_chat_Rooms__Output | null);
  'names'?: (_chat_Names__Output | null);
  'roster'?: (_chat_Roster__Output | null);
  'batch'?: (_chat_Batch__Output | null);
  'link'?: (_chat_Link__Output | null);
  'parting'?: (_chat_Parting__Output | null);
  'heartbeat'?: (_chat_Heartbeat__Output | null);
  'closed'?: (_chat_Closed__Output | null);
  'frame'?: "opened"|"followed"|"sent"|"page"|"refused"|"done"|"room"|"rooms"|"names"|"roster"|"batch"|"link"|"parting"|"heartbeat"|"closed";
}
