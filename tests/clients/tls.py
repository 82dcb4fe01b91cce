"""A client by TLS: sends, and reads it back. With a certificate of its own if one is named. Prints what came, as JSON."""

import json
import pathlib
import sys

import chat_pb2
import chat_pb2_grpc
import grpc


def main(address, ca, cert=None, key=None):
    files = [pathlib.Path(file).read_bytes() if file else None for file in (ca, key, cert)]
    with grpc.secure_channel(address, grpc.ssl_channel_credentials(*files)) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        try:
            stub.SendMessage(chat_pb2.ChatMessage(username="bob", message="hello by TLS"), timeout=5)
            stream = stub.StreamMessages(chat_pb2.StreamRequest(username="bob"), timeout=5)
            print(json.dumps(next(stream).message))
            stream.cancel()
        except grpc.RpcError as error:
            print(json.dumps(error.code().name))


main(*sys.argv[1:])
