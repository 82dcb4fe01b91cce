// Original file: chat.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Batch as _chat_Batch, Batch__Output as _chat_Batch__Output } from '../chat/Batch.ts';
import type { ChangeRoom as _chat_ChangeRoom, ChangeRoom__Output as _chat_ChangeRoom__Output } from '../chat/ChangeRoom.ts';
import type { ChatMessage as _chat_ChatMessage, ChatMessage__Output as _chat_ChatMessage__Output } from '../chat/ChatMessage.ts';
import type { ChatResponse as _chat_ChatResponse, ChatResponse__Output as _chat_ChatResponse__Output } from '../chat/ChatResponse.ts';
import type { ClientFrame as _chat_ClientFrame, ClientFrame__Output as _chat_ClientFrame__Output } from '../chat/ClientFrame.ts';
import type { CreateRoom as _chat_CreateRoom, CreateRoom__Output as _chat_CreateRoom__Output } from '../chat/CreateRoom.ts';
import type { Delete as _chat_Delete, Delete__Output as _chat_Delete__Output } from '../chat/Delete.ts';
import type { DescribeRoom as _chat_DescribeRoom, DescribeRoom__Output as _chat_DescribeRoom__Output } from '../chat/DescribeRoom.ts';
import type { Done as _chat_Done, Done__Output as _chat_Done__Output } from '../chat/Done.ts';
import type { Edit as _chat_Edit, Edit__Output as _chat_Edit__Output } from '../chat/Edit.ts';
import type { ListRooms as _chat_ListRooms, ListRooms__Output as _chat_ListRooms__Output } from '../chat/ListRooms.ts';
import type { Mark as _chat_Mark, Mark__Output as _chat_Mark__Output } from '../chat/Mark.ts';
import type { Names as _chat_Names, Names__Output as _chat_Names__Output } from '../chat/Names.ts';
import type { React as _chat_React, React__Output as _chat_React__Output } from '../chat/React.ts';
import type { Read as _chat_Read, Read__Output as _chat_Read__Output } from '../chat/Read.ts';
import type { Room as _chat_Room, Room__Output as _chat_Room__Output } from '../chat/Room.ts';
import type { Rooms as _chat_Rooms, Rooms__Output as _chat_Rooms__Output } from '../chat/Rooms.ts';
import type { Send as _chat_Send, Send__Output as _chat_Send__Output } from '../chat/Send.ts';
import type { Sent as _chat_Sent, Sent__Output as _chat_Sent__Output } from '../chat/Sent.ts';
import type { ServerFrame as _chat_ServerFrame, ServerFrame__Output as _chat_ServerFrame__Output } from '../chat/ServerFrame.ts';
import type { SignInRequest as _chat_SignInRequest, SignInRequest__Output as _chat_SignInRequest__Output } from '../chat/SignInRequest.ts';
import type { SignOutRequest as _chat_SignOutRequest, SignOutRequest__Output as _chat_SignOutRequest__Output } from '../chat/SignOutRequest.ts';
import type { SignedIn as _chat_SignedIn, SignedIn__Output as _chat_SignedIn__Output } from '../chat/SignedIn.ts';
import type { StreamRequest as _chat_StreamRequest, StreamRequest__Output as _chat_StreamRequest__Output } from '../chat/StreamRequest.ts';
import type { Who as _chat_Who, Who__Output as _chat_Who__Output } from '../chat/Who.ts';

export interface ChatServiceClient extends grpc.Client {
  ChangeRoom(argument: _chat_ChangeRoom, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  ChangeRoom(argument: _chat_ChangeRoom, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  ChangeRoom(argument: _chat_ChangeRoom, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  ChangeRoom(argument: _chat_ChangeRoom, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  changeRoom(argument: _chat_ChangeRoom, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  changeRoom(argument: _chat_ChangeRoom, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  changeRoom(argument: _chat_ChangeRoom, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  changeRoom(argument: _chat_ChangeRoom, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  
  CreateRoom(argument: _chat_CreateRoom, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  CreateRoom(argument: _chat_CreateRoom, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  CreateRoom(argument: _chat_CreateRoom, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  CreateRoom(argument: _chat_CreateRoom, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  createRoom(argument: _chat_CreateRoom, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  createRoom(argument: _chat_CreateRoom, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  createRoom(argument: _chat_CreateRoom, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  createRoom(argument: _chat_CreateRoom, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  
  DeleteMessage(argument: _chat_Delete, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  DeleteMessage(argument: _chat_Delete, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  DeleteMessage(argument: _chat_Delete, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  DeleteMessage(argument: _chat_Delete, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  deleteMessage(argument: _chat_Delete, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  deleteMessage(argument: _chat_Delete, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  deleteMessage(argument: _chat_Delete, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  deleteMessage(argument: _chat_Delete, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  
  DescribeRoom(argument: _chat_DescribeRoom, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  DescribeRoom(argument: _chat_DescribeRoom, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  DescribeRoom(argument: _chat_DescribeRoom, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  DescribeRoom(argument: _chat_DescribeRoom, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  describeRoom(argument: _chat_DescribeRoom, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  describeRoom(argument: _chat_DescribeRoom, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  describeRoom(argument: _chat_DescribeRoom, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  describeRoom(argument: _chat_DescribeRoom, callback: grpc.requestCallback<_chat_Room__Output>): grpc.ClientUnaryCall;
  
  EditMessage(argument: _chat_Edit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  EditMessage(argument: _chat_Edit, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  EditMessage(argument: _chat_Edit, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  EditMessage(argument: _chat_Edit, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  editMessage(argument: _chat_Edit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  editMessage(argument: _chat_Edit, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  editMessage(argument: _chat_Edit, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  editMessage(argument: _chat_Edit, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  
  ListPeople(argument: _chat_Who, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Names__Output>): grpc.ClientUnaryCall;
  ListPeople(argument: _chat_Who, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Names__Output>): grpc.ClientUnaryCall;
  ListPeople(argument: _chat_Who, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Names__Output>): grpc.ClientUnaryCall;
  ListPeople(argument: _chat_Who, callback: grpc.requestCallback<_chat_Names__Output>): grpc.ClientUnaryCall;
  listPeople(argument: _chat_Who, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Names__Output>): grpc.ClientUnaryCall;
  listPeople(argument: _chat_Who, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Names__Output>): grpc.ClientUnaryCall;
  listPeople(argument: _chat_Who, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Names__Output>): grpc.ClientUnaryCall;
  listPeople(argument: _chat_Who, callback: grpc.requestCallback<_chat_Names__Output>): grpc.ClientUnaryCall;
  
  ListRooms(argument: _chat_ListRooms, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Rooms__Output>): grpc.ClientUnaryCall;
  ListRooms(argument: _chat_ListRooms, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Rooms__Output>): grpc.ClientUnaryCall;
  ListRooms(argument: _chat_ListRooms, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Rooms__Output>): grpc.ClientUnaryCall;
  ListRooms(argument: _chat_ListRooms, callback: grpc.requestCallback<_chat_Rooms__Output>): grpc.ClientUnaryCall;
  listRooms(argument: _chat_ListRooms, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Rooms__Output>): grpc.ClientUnaryCall;
  listRooms(argument: _chat_ListRooms, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Rooms__Output>): grpc.ClientUnaryCall;
  listRooms(argument: _chat_ListRooms, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Rooms__Output>): grpc.ClientUnaryCall;
  listRooms(argument: _chat_ListRooms, callback: grpc.requestCallback<_chat_Rooms__Output>): grpc.ClientUnaryCall;
  
  MarkRead(argument: _chat_Mark, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  MarkRead(argument: _chat_Mark, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  MarkRead(argument: _chat_Mark, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  MarkRead(argument: _chat_Mark, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  markRead(argument: _chat_Mark, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  markRead(argument: _chat_Mark, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  markRead(argument: _chat_Mark, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  markRead(argument: _chat_Mark, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  
  React(argument: _chat_React, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  React(argument: _chat_React, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  React(argument: _chat_React, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  React(argument: _chat_React, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  react(argument: _chat_React, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  react(argument: _chat_React, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  react(argument: _chat_React, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  react(argument: _chat_React, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  
  ReadHistory(argument: _chat_Read, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Batch__Output>): grpc.ClientUnaryCall;
  ReadHistory(argument: _chat_Read, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Batch__Output>): grpc.ClientUnaryCall;
  ReadHistory(argument: _chat_Read, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Batch__Output>): grpc.ClientUnaryCall;
  ReadHistory(argument: _chat_Read, callback: grpc.requestCallback<_chat_Batch__Output>): grpc.ClientUnaryCall;
  readHistory(argument: _chat_Read, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Batch__Output>): grpc.ClientUnaryCall;
  readHistory(argument: _chat_Read, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Batch__Output>): grpc.ClientUnaryCall;
  readHistory(argument: _chat_Read, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Batch__Output>): grpc.ClientUnaryCall;
  readHistory(argument: _chat_Read, callback: grpc.requestCallback<_chat_Batch__Output>): grpc.ClientUnaryCall;
  
  Say(argument: _chat_Send, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  Say(argument: _chat_Send, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  Say(argument: _chat_Send, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  Say(argument: _chat_Send, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  say(argument: _chat_Send, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  say(argument: _chat_Send, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  say(argument: _chat_Send, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  say(argument: _chat_Send, callback: grpc.requestCallback<_chat_Sent__Output>): grpc.ClientUnaryCall;
  
  SendMessage(argument: _chat_ChatMessage, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_ChatResponse__Output>): grpc.ClientUnaryCall;
  SendMessage(argument: _chat_ChatMessage, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_ChatResponse__Output>): grpc.ClientUnaryCall;
  SendMessage(argument: _chat_ChatMessage, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_ChatResponse__Output>): grpc.ClientUnaryCall;
  SendMessage(argument: _chat_ChatMessage, callback: grpc.requestCallback<_chat_ChatResponse__Output>): grpc.ClientUnaryCall;
  sendMessage(argument: _chat_ChatMessage, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_ChatResponse__Output>): grpc.ClientUnaryCall;
  sendMessage(argument: _chat_ChatMessage, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_ChatResponse__Output>): grpc.ClientUnaryCall;
  sendMessage(argument: _chat_ChatMessage, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_ChatResponse__Output>): grpc.ClientUnaryCall;
  sendMessage(argument: _chat_ChatMessage, callback: grpc.requestCallback<_chat_ChatResponse__Output>): grpc.ClientUnaryCall;
  
  Session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_chat_ClientFrame, _chat_ServerFrame__Output>;
  Session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_chat_ClientFrame, _chat_ServerFrame__Output>;
  session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_chat_ClientFrame, _chat_ServerFrame__Output>;
  session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_chat_ClientFrame, _chat_ServerFrame__Output>;
  
  SignIn(argument: _chat_SignInRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_SignedIn__Output>): grpc.ClientUnaryCall;
  SignIn(argument: _chat_SignInRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_SignedIn__Output>): grpc.ClientUnaryCall;
  SignIn(argument: _chat_SignInRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_SignedIn__Output>): grpc.ClientUnaryCall;
  SignIn(argument: _chat_SignInRequest, callback: grpc.requestCallback<_chat_SignedIn__Output>): grpc.ClientUnaryCall;
  signIn(argument: _chat_SignInRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_SignedIn__Output>): grpc.ClientUnaryCall;
  signIn(argument: _chat_SignInRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_SignedIn__Output>): grpc.ClientUnaryCall;
  signIn(argument: _chat_SignInRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_SignedIn__Output>): grpc.ClientUnaryCall;
  signIn(argument: _chat_SignInRequest, callback: grpc.requestCallback<_chat_SignedIn__Output>): grpc.ClientUnaryCall;
  
  SignOut(argument: _chat_SignOutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  SignOut(argument: _chat_SignOutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  SignOut(argument: _chat_SignOutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  SignOut(argument: _chat_SignOutRequest, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  signOut(argument: _chat_SignOutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  signOut(argument: _chat_SignOutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  signOut(argument: _chat_SignOutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  signOut(argument: _chat_SignOutRequest, callback: grpc.requestCallback<_chat_Done__Output>): grpc.ClientUnaryCall;
  
  StreamMessages(argument: _chat_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_chat_ChatMessage__Output>;
  StreamMessages(argument: _chat_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_chat_ChatMessage__Output>;
  streamMessages(argument: _chat_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_chat_ChatMessage__Output>;
  streamMessages(argument: _chat_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_chat_ChatMessage__Output>;
  
}

export interface ChatServiceHandlers extends grpc.UntypedServiceImplementation {
  ChangeRoom: grpc.handleUnaryCall<_chat_ChangeRoom__Output, _chat_Room>;
  
  CreateRoom: grpc.handleUnaryCall<_chat_CreateRoom__Output, _chat_Room>;
  
  DeleteMessage: grpc.handleUnaryCall<_chat_Delete__Output, _chat_Sent>;
  
  DescribeRoom: grpc.handleUnaryCall<_chat_DescribeRoom__Output, _chat_Room>;
  
  EditMessage: grpc.handleUnaryCall<_chat_Edit__Output, _chat_Sent>;
  
  ListPeople: grpc.handleUnaryCall<_chat_Who__Output, _chat_Names>;
  
  ListRooms: grpc.handleUnaryCall<_chat_ListRooms__Output, _chat_Rooms>;
  
  MarkRead: grpc.handleUnaryCall<_chat_Mark__Output, _chat_Done>;
  
  React: grpc.handleUnaryCall<_chat_React__Output, _chat_Sent>;
  
  ReadHistory: grpc.handleUnaryCall<_chat_Read__Output, _chat_Batch>;
  
  Say: grpc.handleUnaryCall<_chat_Send__Output, _chat_Sent>;
  
  SendMessage: grpc.handleUnaryCall<_chat_ChatMessage__Output, _chat_ChatResponse>;
  
  Session: grpc.handleBidiStreamingCall<_chat_ClientFrame__Output, _chat_ServerFrame>;
  
  SignIn: grpc.handleUnaryCall<_chat_SignInRequest__Output, _chat_SignedIn>;
  
  SignOut: grpc.handleUnaryCall<_chat_SignOutRequest__Output, _chat_Done>;
  
  StreamMessages: grpc.handleServerStreamingCall<_chat_StreamRequest__Output, _chat_ChatMessage>;
  
}

export interface ChatServiceDefinition extends grpc.ServiceDefinition {
  ChangeRoom: MethodDefinition<_chat_ChangeRoom, _chat_Room, _chat_ChangeRoom__Output, _chat_Room__Output>
  CreateRoom: MethodDefinition<_chat_CreateRoom, _chat_Room, _chat_CreateRoom__Output, _chat_Room__Output>
  DeleteMessage: MethodDefinition<_chat_Delete, _chat_Sent, _chat_Delete__Output, _chat_Sent__Output>
  DescribeRoom: MethodDefinition<_chat_DescribeRoom, _chat_Room, _chat_DescribeRoom__Output, _chat_Room__Output>
  EditMessage: MethodDefinition<_chat_Edit, _chat_Sent, _chat_Edit__Output, _chat_Sent__Output>
  ListPeople: MethodDefinition<_chat_Who, _chat_Names, _chat_Who__Output, _chat_Names__Output>
  ListRooms: MethodDefinition<_chat_ListRooms, _chat_Rooms, _chat_ListRooms__Output, _chat_Rooms__Output>
  MarkRead: MethodDefinition<_chat_Mark, _chat_Done, _chat_Mark__Output, _chat_Done__Output>
  React: MethodDefinition<_chat_React, _chat_Sent, _chat_React__Output, _chat_Sent__Output>
  ReadHistory: MethodDefinition<_chat_Read, _chat_Batch, _chat_Read__Output, _chat_Batch__Output>
  Say: MethodDefinition<_chat_Send, _chat_Sent, _chat_Send__Output, _chat_Sent__Output>
  SendMessage: MethodDefinition<_chat_ChatMessage, _chat_ChatResponse, _chat_ChatMessage__Output, _chat_ChatResponse__Output>
  Session: MethodDefinition<_chat_ClientFrame, _chat_ServerFrame, _chat_ClientFrame__Output, _chat_ServerFrame__Output>
  SignIn: MethodDefinition<_chat_SignInRequest, _chat_SignedIn, _chat_SignInRequest__Output, _chat_SignedIn__Output>
  SignOut: MethodDefinition<_chat_SignOutRequest, _chat_Done, _chat_SignOutRequest__Output, _chat_Done__Output>
  StreamMessages: MethodDefinition<_chat_StreamRequest, _chat_ChatMessage, _chat_StreamRequest__Output, _chat_ChatMessage__Output>
}
