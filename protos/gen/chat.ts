import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Batch as _chat_Batch, Batch__Output as _chat_Batch__Output } from './chat/Batch.ts';
import type { ChatMessage as _chat_ChatMessage, ChatMessage__Output as _chat_ChatMessage__Output } from './chat/ChatMessage.ts';
import type { ChatResponse as _chat_ChatResponse, ChatResponse__Output as _chat_ChatResponse__Output } from './chat/ChatResponse.ts';
import type { ChatServiceClient as _chat_ChatServiceClient, ChatServiceDefinition as _chat_ChatServiceDefinition } from './chat/ChatService.ts';
import type { ClientFrame as _chat_ClientFrame, ClientFrame__Output as _chat_ClientFrame__Output } from './chat/ClientFrame.ts';
import type { Close as _chat_Close, Close__Output as _chat_Close__Output } from './chat/Close.ts';
import type { Closed as _chat_Closed, Closed__Output as _chat_Closed__Output } from './chat/Closed.ts';
import type { Cursor as _chat_Cursor, Cursor__Output as _chat_Cursor__Output } from './chat/Cursor.ts';
import type { Event as _chat_Event, Event__Output as _chat_Event__Output } from './chat/Event.ts';
import type { Follow as _chat_Follow, Follow__Output as _chat_Follow__Output } from './chat/Follow.ts';
import type { Followed as _chat_Followed, Followed__Output as _chat_Followed__Output } from './chat/Followed.ts';
import type { Heartbeat as _chat_Heartbeat, Heartbeat__Output as _chat_Heartbeat__Output } from './chat/Heartbeat.ts';
import type { Link as _chat_Link, Link__Output as _chat_Link__Output } from './chat/Link.ts';
import type { Message as _chat_Message, Message__Output as _chat_Message__Output } from './chat/Message.ts';
import type { Open as _chat_Open, Open__Output as _chat_Open__Output } from './chat/Open.ts';
import type { Opened as _chat_Opened, Opened__Output as _chat_Opened__Output } from './chat/Opened.ts';
import type { Parting as _chat_Parting, Parting__Output as _chat_Parting__Output } from './chat/Parting.ts';
import type { Read as _chat_Read, Read__Output as _chat_Read__Output } from './chat/Read.ts';
import type { Refused as _chat_Refused, Refused__Output as _chat_Refused__Output } from './chat/Refused.ts';
import type { Send as _chat_Send, Send__Output as _chat_Send__Output } from './chat/Send.ts';
import type { Sent as _chat_Sent, Sent__Output as _chat_Sent__Output } from './chat/Sent.ts';
import type { ServerFrame as _chat_ServerFrame, ServerFrame__Output as _chat_ServerFrame__Output } from './chat/ServerFrame.ts';
import type { StreamRequest as _chat_StreamRequest, StreamRequest__Output as _chat_StreamRequest__Output } from './chat/StreamRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  chat: {
    Batch: MessageTypeDefinition<_chat_Batch, _chat_Batch__Output>
    ChatMessage: MessageTypeDefinition<_chat_ChatMessage, _chat_ChatMessage__Output>
    ChatResponse: MessageTypeDefinition<_chat_ChatResponse, _chat_ChatResponse__Output>
    ChatService: SubtypeConstructor<typeof grpc.Client, _chat_ChatServiceClient> & { service: _chat_ChatServiceDefinition }
    ClientFrame: MessageTypeDefinition<_chat_ClientFrame, _chat_ClientFrame__Output>
    Close: MessageTypeDefinition<_chat_Close, _chat_Close__Output>
    Closed: MessageTypeDefinition<_chat_Closed, _chat_Closed__Output>
    Cursor: MessageTypeDefinition<_chat_Cursor, _chat_Cursor__Output>
    Event: MessageTypeDefinition<_chat_Event, _chat_Event__Output>
    Follow: MessageTypeDefinition<_chat_Follow, _chat_Follow__Output>
    Followed: MessageTypeDefinition<_chat_Followed, _chat_Followed__Output>
    Heartbeat: MessageTypeDefinition<_chat_Heartbeat, _chat_Heartbeat__Output>
    Link: MessageTypeDefinition<_chat_Link, _chat_Link__Output>
    Message: MessageTypeDefinition<_chat_Message, _chat_Message__Output>
    Open: MessageTypeDefinition<_chat_Open, _chat_Open__Output>
    Opened: MessageTypeDefinition<_chat_Opened, _chat_Opened__Output>
    Parting: MessageTypeDefinition<_chat_Parting, _chat_Parting__Output>
    Read: MessageTypeDefinition<_chat_Read, _chat_Read__Output>
    Refused: MessageTypeDefinition<_chat_Refused, _chat_Refused__Output>
    Replay: EnumTypeDefinition
    Send: MessageTypeDefinition<_chat_Send, _chat_Send__Output>
    Sent: MessageTypeDefinition<_chat_Sent, _chat_Sent__Output>
    ServerFrame: MessageTypeDefinition<_chat_ServerFrame, _chat_ServerFrame__Output>
    StreamRequest: MessageTypeDefinition<_chat_StreamRequest, _chat_StreamRequest__Output>
  }
}

