import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Batch as _chat_Batch, Batch__Output as _chat_Batch__Output } from './chat/Batch.ts';
import type { ChangeRoom as _chat_ChangeRoom, ChangeRoom__Output as _chat_ChangeRoom__Output } from './chat/ChangeRoom.ts';
import type { ChatMessage as _chat_ChatMessage, ChatMessage__Output as _chat_ChatMessage__Output } from './chat/ChatMessage.ts';
import type { ChatResponse as _chat_ChatResponse, ChatResponse__Output as _chat_ChatResponse__Output } from './chat/ChatResponse.ts';
import type { ChatServiceClient as _chat_ChatServiceClient, ChatServiceDefinition as _chat_ChatServiceDefinition } from './chat/ChatService.ts';
import type { ClientFrame as _chat_ClientFrame, ClientFrame__Output as _chat_ClientFrame__Output } from './chat/ClientFrame.ts';
import type { Close as _chat_Close, Close__Output as _chat_Close__Output } from './chat/Close.ts';
import type { Closed as _chat_Closed, Closed__Output as _chat_Closed__Output } from './chat/Closed.ts';
import type { CreateRoom as _chat_CreateRoom, CreateRoom__Output as _chat_CreateRoom__Output } from './chat/CreateRoom.ts';
import type { Cursor as _chat_Cursor, Cursor__Output as _chat_Cursor__Output } from './chat/Cursor.ts';
import type { Delete as _chat_Delete, Delete__Output as _chat_Delete__Output } from './chat/Delete.ts';
import type { Deleted as _chat_Deleted, Deleted__Output as _chat_Deleted__Output } from './chat/Deleted.ts';
import type { DescribeRoom as _chat_DescribeRoom, DescribeRoom__Output as _chat_DescribeRoom__Output } from './chat/DescribeRoom.ts';
import type { Done as _chat_Done, Done__Output as _chat_Done__Output } from './chat/Done.ts';
import type { Edit as _chat_Edit, Edit__Output as _chat_Edit__Output } from './chat/Edit.ts';
import type { Edited as _chat_Edited, Edited__Output as _chat_Edited__Output } from './chat/Edited.ts';
import type { Event as _chat_Event, Event__Output as _chat_Event__Output } from './chat/Event.ts';
import type { Follow as _chat_Follow, Follow__Output as _chat_Follow__Output } from './chat/Follow.ts';
import type { Followed as _chat_Followed, Followed__Output as _chat_Followed__Output } from './chat/Followed.ts';
import type { Heartbeat as _chat_Heartbeat, Heartbeat__Output as _chat_Heartbeat__Output } from './chat/Heartbeat.ts';
import type { Link as _chat_Link, Link__Output as _chat_Link__Output } from './chat/Link.ts';
import type { ListRooms as _chat_ListRooms, ListRooms__Output as _chat_ListRooms__Output } from './chat/ListRooms.ts';
import type { Mark as _chat_Mark, Mark__Output as _chat_Mark__Output } from './chat/Mark.ts';
import type { Message as _chat_Message, Message__Output as _chat_Message__Output } from './chat/Message.ts';
import type { Names as _chat_Names, Names__Output as _chat_Names__Output } from './chat/Names.ts';
import type { Open as _chat_Open, Open__Output as _chat_Open__Output } from './chat/Open.ts';
import type { Opened as _chat_Opened, Opened__Output as _chat_Opened__Output } from './chat/Opened.ts';
import type { Parting as _chat_Parting, Parting__Output as _chat_Parting__Output } from './chat/Parting.ts';
import type { Presence as _chat_Presence, Presence__Output as _chat_Presence__Output } from './chat/Presence.ts';
import type { Principal as _chat_Principal, Principal__Output as _chat_Principal__Output } from './chat/Principal.ts';
import type { React as _chat_React, React__Output as _chat_React__Output } from './chat/React.ts';
import type { Reacted as _chat_Reacted, Reacted__Output as _chat_Reacted__Output } from './chat/Reacted.ts';
import type { Read as _chat_Read, Read__Output as _chat_Read__Output } from './chat/Read.ts';
import type { Refused as _chat_Refused, Refused__Output as _chat_Refused__Output } from './chat/Refused.ts';
import type { Room as _chat_Room, Room__Output as _chat_Room__Output } from './chat/Room.ts';
import type { Rooms as _chat_Rooms, Rooms__Output as _chat_Rooms__Output } from './chat/Rooms.ts';
import type { Roster as _chat_Roster, Roster__Output as _chat_Roster__Output } from './chat/Roster.ts';
import type { Send as _chat_Send, Send__Output as _chat_Send__Output } from './chat/Send.ts';
import type { Sent as _chat_Sent, Sent__Output as _chat_Sent__Output } from './chat/Sent.ts';
import type { ServerFrame as _chat_ServerFrame, ServerFrame__Output as _chat_ServerFrame__Output } from './chat/ServerFrame.ts';
import type { Settings as _chat_Settings, Settings__Output as _chat_Settings__Output } from './chat/Settings.ts';
import type { SignInRequest as _chat_SignInRequest, SignInRequest__Output as _chat_SignInRequest__Output } from './chat/SignInRequest.ts';
import type { SignOutRequest as _chat_SignOutRequest, SignOutRequest__Output as _chat_SignOutRequest__Output } from './chat/SignOutRequest.ts';
import type { SignedIn as _chat_SignedIn, SignedIn__Output as _chat_SignedIn__Output } from './chat/SignedIn.ts';
import type { StreamRequest as _chat_StreamRequest, StreamRequest__Output as _chat_StreamRequest__Output } from './chat/StreamRequest.ts';
import type { Typing as _chat_Typing, Typing__Output as _chat_Typing__Output } from './chat/Typing.ts';
import type { Unfollow as _chat_Unfollow, Unfollow__Output as _chat_Unfollow__Output } from './chat/Unfollow.ts';
import type { Who as _chat_Who, Who__Output as _chat_Who__Output } from './chat/Who.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  chat: {
    Batch: MessageTypeDefinition<_chat_Batch, _chat_Batch__Output>
    ChangeRoom: MessageTypeDefinition<_chat_ChangeRoom, _chat_ChangeRoom__Output>
    ChatMessage: MessageTypeDefinition<_chat_ChatMessage, _chat_ChatMessage__Output>
    ChatResponse: MessageTypeDefinition<_chat_ChatResponse, _chat_ChatResponse__Output>
    ChatService: SubtypeConstructor<typeof grpc.Client, _chat_ChatServiceClient> & { service: _chat_ChatServiceDefinition }
    ClientFrame: MessageTypeDefinition<_chat_ClientFrame, _chat_ClientFrame__Output>
    Close: MessageTypeDefinition<_chat_Close, _chat_Close__Output>
    Closed: MessageTypeDefinition<_chat_Closed, _chat_Closed__Output>
    CreateRoom: MessageTypeDefinition<_chat_CreateRoom, _chat_CreateRoom__Output>
    Cursor: MessageTypeDefinition<_chat_Cursor, _chat_Cursor__Output>
    Delete: MessageTypeDefinition<_chat_Delete, _chat_Delete__Output>
    Deleted: MessageTypeDefinition<_chat_Deleted, _chat_Deleted__Output>
    DescribeRoom: MessageTypeDefinition<_chat_DescribeRoom, _chat_DescribeRoom__Output>
    Done: MessageTypeDefinition<_chat_Done, _chat_Done__Output>
    Edit: MessageTypeDefinition<_chat_Edit, _chat_Edit__Output>
    Edited: MessageTypeDefinition<_chat_Edited, _chat_Edited__Output>
    Event: MessageTypeDefinition<_chat_Event, _chat_Event__Output>
    Follow: MessageTypeDefinition<_chat_Follow, _chat_Follow__Output>
    Followed: MessageTypeDefinition<_chat_Followed, _chat_Followed__Output>
    Heartbeat: MessageTypeDefinition<_chat_Heartbeat, _chat_Heartbeat__Output>
    Link: MessageTypeDefinition<_chat_Link, _chat_Link__Output>
    ListRooms: MessageTypeDefinition<_chat_ListRooms, _chat_ListRooms__Output>
    Mark: MessageTypeDefinition<_chat_Mark, _chat_Mark__Output>
    Message: MessageTypeDefinition<_chat_Message, _chat_Message__Output>
    Names: MessageTypeDefinition<_chat_Names, _chat_Names__Output>
    Open: MessageTypeDefinition<_chat_Open, _chat_Open__Output>
    Opened: MessageTypeDefinition<_chat_Opened, _chat_Opened__Output>
    Parting: MessageTypeDefinition<_chat_Parting, _chat_Parting__Output>
    Presence: MessageTypeDefinition<_chat_Presence, _chat_Presence__Output>
    Principal: MessageTypeDefinition<_chat_Principal, _chat_Principal__Output>
    React: MessageTypeDefinition<_chat_React, _chat_React__Output>
    Reacted: MessageTypeDefinition<_chat_Reacted, _chat_Reacted__Output>
    Read: MessageTypeDefinition<_chat_Read, _chat_Read__Output>
    Refused: MessageTypeDefinition<_chat_Refused, _chat_Refused__Output>
    Replay: EnumTypeDefinition
    Room: MessageTypeDefinition<_chat_Room, _chat_Room__Output>
    Rooms: MessageTypeDefinition<_chat_Rooms, _chat_Rooms__Output>
    Roster: MessageTypeDefinition<_chat_Roster, _chat_Roster__Output>
    Send: MessageTypeDefinition<_chat_Send, _chat_Send__Output>
    Sent: MessageTypeDefinition<_chat_Sent, _chat_Sent__Output>
    ServerFrame: MessageTypeDefinition<_chat_ServerFrame, _chat_ServerFrame__Output>
    Settings: MessageTypeDefinition<_chat_Settings, _chat_Settings__Output>
    SignInRequest: MessageTypeDefinition<_chat_SignInRequest, _chat_SignInRequest__Output>
    SignOutRequest: MessageTypeDefinition<_chat_SignOutRequest, _chat_SignOutRequest__Output>
    SignedIn: MessageTypeDefinition<_chat_SignedIn, _chat_SignedIn__Output>
    StreamRequest: MessageTypeDefinition<_chat_StreamRequest, _chat_StreamRequest__Output>
    Typing: MessageTypeDefinition<_chat_Typing, _chat_Typing__Output>
    Unfollow: MessageTypeDefinition<_chat_Unfollow, _chat_Unfollow__Output>
    Who: MessageTypeDefinition<_chat_Who, _chat_Who__Output>
  }
}

