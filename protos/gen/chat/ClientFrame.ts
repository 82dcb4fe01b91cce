// Original file: chat.proto

import type { Open as _chat_Open, Open__Output as _chat_Open__Output } from '../chat/Open.ts';
import type { Follow as _chat_Follow, Follow__Output as _chat_Follow__Output } from '../chat/Follow.ts';
import type { Send as _chat_Send, Send__Output as _chat_Send__Output } from '../chat/Send.ts';
import type { Read as _chat_Read, Read__Output as _chat_Read__Output } from '../chat/Read.ts';
import type { Close as _chat_Close, Close__Output as _chat_Close__Output } from '../chat/Close.ts';
import type { Unfollow as _chat_Unfollow, Unfollow__Output as _chat_Unfollow__Output } from '../chat/Unfollow.ts';
import type { Edit as _chat_Edit, Edit__Output as _chat_Edit__Output } from '../chat/Edit.ts';
import type { Delete as _chat_Delete, Delete__Output as _chat_Delete__Output } from '../chat/Delete.ts';
import type { React as _chat_React, React__Output as _chat_React__Output } from '../chat/React.ts';
import type { Mark as _chat_Mark, Mark__Output as _chat_Mark__Output } from '../chat/Mark.ts';
import type { Typing as _chat_Typing, Typing__Output as _chat_Typing__Output } from '../chat/Typing.ts';
import type { Presence as _chat_Presence, Presence__Output as _chat_Presence__Output } from '../chat/Presence.ts';
import type { Who as _chat_Who, Who__Output as _chat_Who__Output } from '../chat/Who.ts';
import type { Heartbeat as _chat_Heartbeat, Heartbeat__Output as _chat_Heartbeat__Output } from '../chat/Heartbeat.ts';
import type { CreateRoom as _chat_CreateRoom, CreateRoom__Output as _chat_CreateRoom__Output } from '../chat/CreateRoom.ts';
import type { ChangeRoom as _chat_ChangeRoom, ChangeRoom__Output as _chat_ChangeRoom__Output } from '../chat/ChangeRoom.ts';
import type { ListRooms as _chat_ListRooms, ListRooms__Output as _chat_ListRooms__Output } from '../chat/ListRooms.ts';
import type { DescribeRoom as _chat_DescribeRoom, DescribeRoom__Output as _chat_DescribeRoom__Output } from '../chat/DescribeRoom.ts';
import type { Long } from '@grpc/proto-loader';

export interface ClientFrame {
  'id'?: (number | string | Long);
  'open'?: (_chat_Open | null);
  'follow'?: (_chat_Follow | null);
  'send'?: (_chat_Send | null);
  'read'?: (_chat_Read | null);
  'close'?: (_chat_Close | null);
  'unfollow'?: (_chat_Unfollow | null);
  'edit'?: (_chat_Edit | null);
  'delete'?: (_chat_Delete | null);
  'react'?: (_chat_React | null);
  'mark'?: (_chat_Mark | null);
  'typing'?: (_chat_Typing | null);
  'presence'?: (_chat_Presence | null);
  'who'?: (_chat_Who | null);
  'heartbeat'?: (_chat_Heartbeat | null);
  'createRoom'?: (_chat_CreateRoom | null);
  'changeRoom'?: (_chat_ChangeRoom | null);
  'listRooms'?: (_chat_ListRooms | null);
  'describeRoom'?: (_chat_DescribeRoom | null);
  'command'?: "open"|"follow"|"send"|"read"|"close"|"unfollow"|"edit"|"delete"|"react"|"mark"|"typing"|"presence"|"who"|"heartbeat"|"createRoom"|"changeRoom"|"listRooms"|"describeRoom";
}

export interface ClientFrame__Output {
  'id': (number);
  'open'?: (_chat_Open__Output | null);
  'follow'?: (_chat_Follow__Output | null);
  'send'?: (_chat_Send__Output | null);
  'read'?: (_chat_Read__Output | null);
  'close'?: (_chat_Close__Output | null);
  'unfollow'?: (_chat_Unfollow__Output | null);
  'edit'?: (_chat_Edit__Output | null);
  'delete'?: (_chat_Delete__Output | null);
  'react'?: (_chat_React__Output | null);
  'mark'?: (_chat_Mark__Output | null);
  'typing'?: (_chat_Typing__Output | null);
  'presence'?: (_chat_Presence__Output | null);
  'who'?: (_chat_Who__Output | null);
  'heartbeat'?: (_chat_Heartbeat__Output | null);
  'createRoom'?: (_chat_CreateRoom__Output | null);
  'changeRoom'?: (_chat_ChangeRoom__Output | null);
  'listRooms'?: (_chat_ListRooms__Output | null);
  'describeRoom'?: (_chat_DescribeRoom__Output | null);
  'command'?: "open"|"follow"|"send"|"read"|"close"|"unfollow"|"edit"|"delete"|"react"|"mark"|"typing"|"presence"|"who"|"heartbeat"|"createRoom"|"changeRoom"|"listRooms"|"describeRoom";
}
