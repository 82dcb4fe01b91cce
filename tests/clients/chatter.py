"""Says a number of things in the lobby and reads until it has seen a number of messages. Prints what it saw."""

import json
import sys
import threading

import chat_pb2
import chat_pb2_grpc
import grpc

address, name, says, sees = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
stub = chat_pb2_grpc.ChatServiceStub(grpc.insecure_channel(address))


def say():
    for i in range(says):
        stub.SendMessage(chat_pb2.ChatMessage(username=name, message=f"{name} {i}"))


threading.Thread(target=say).start()
seen = []
for message in stub.StreamMessages(chat_pb2.StreamRequest(username=name), timeout=30):
    seen.append(message.message)
    if len(seen) == sees:
        break
print(json.dumps(seen))
