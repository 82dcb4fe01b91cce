"""The tutorial's client: sends 150 messages, reads what it is given, sends 5 more. Prints what came, as JSON."""

import json
import sys

import chat_pb2
import chat_pb2_grpc
import grpc


def shown(message):
    return {"username": message.username, "message": message.message, "timestamp": message.timestamp}


def main(address):
    with grpc.insecure_channel(address) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)

        def send(number):
            return stub.SendMessage(chat_pb2.ChatMessage(username="ann", message=f"message {number}"), timeout=20)

        answers = [send(number) for number in range(1, 151)]
        stream = stub.StreamMessages(chat_pb2.StreamRequest(username="ann"), timeout=60)
        received = [shown(next(stream)) for _ in range(100)]
        for number in range(151, 156):
            answers.append(send(number))
            received.append(shown(next(stream)))
        stream.cancel()
    print(json.dumps({
        "answers": [{"success": answer.success, "message": answer.message} for answer in answers],
        "received": received,
    }))


main(sys.argv[1])
