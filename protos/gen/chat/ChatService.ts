// Original file: chat.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ChatMessage as _chat_ChatMessage, ChatMessage__Output as _chat_ChatMessage__Output } from '../chat/ChatMessage.ts';
import type { ChatResponse as _chat_ChatResponse, ChatResponse__Output as _chat_ChatResponse__Output } from '../chat/ChatResponse.ts';
import type { ClientFrame as _chat_ClientFrame, ClientFrame__Output as _chat_ClientFrame__Output } from '../chat/ClientFrame.ts';
import type { ServerFrame as _chat_ServerFrame, ServerFrame__Output as _chat_ServerFrame__Output } from '../chat/ServerFrame.ts';
import type { StreamRequest as _chat_StreamRequest, StreamRequest__Output as _chat_StreamRequest__Output } from '../chat/StreamRequest.ts';

export interface ChatServiceClient extends grpc.Client {
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
  
  StreamMessages(argument: _chat_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_chat_ChatMessage__Output>;
  StreamMessages(argument: _chat_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_chat_ChatMessage__Output>;
  streamMessages(argument: _chat_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_chat_ChatMessage__Output>;
  streamMessages(argument: _chat_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_chat_ChatMessage__Output>;
  
}

export interface ChatServiceHandlers extends grpc.UntypedServiceImplementation {
  SendMessage: grpc.handleUnaryCall<_chat_ChatMessage__Output, _chat_ChatResponse>;
  
  Session: grpc.handleBidiStreamingCall<_chat_ClientFrame__Output, _chat_ServerFrame>;
  
  StreamMessages: grpc.handleServerStreamingCall<_chat_StreamRequest__Output, _chat_ChatMessage>;
  
}

export interface ChatServiceDefinition extends grpc.ServiceDefinition {
  SendMessage: MethodDefinition<_chat_ChatMessage, _chat_ChatResponse, _chat_ChatMessage__Output, _chat_ChatResponse__Output>
  Session: MethodDefinition<_chat_ClientFrame, _chat_ServerFrame, _chat_ClientFrame__Output, _chat_ServerFrame__Output>
  StreamMessages: MethodDefinition<_chat_StreamRequest, _chat_ChatMessage, _chat_StreamRequest__Output, _chat_ChatMessage__Output>
}
