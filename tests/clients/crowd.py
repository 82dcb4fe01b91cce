"""Many readers on one channel and many senders on another. Prints what each reader was given, as JSON."""

import json
import sys
import threading
import time

import chat_pb2
import chat_pb2_grpc
import grpc


class Reader(threading.Thread):
    def __init__(self, stub, number):
        super().__init__(daemon=True)
        self.received = []
        self.stream = stub.StreamMessages(chat_pb2.StreamRequest(username=f"reader {number}"))

    def run(self):
        try:
            for message in self.stream:
                self.received.append(message.message)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.CANCELLED:
                raise


def say(stub, sender, each):
    for number in range(each):
        message = chat_pb2.ChatMessage(username=f"sender {sender}", message=f"{sender}:{number}")
        assert stub.SendMessage(message, timeout=60).success


def main(address, readers, senders, each):
    with grpc.insecure_channel(address) as reading, grpc.insecure_channel(address) as sending:
        stub = chat_pb2_grpc.ChatServiceStub(reading)
        crowd = [Reader(stub, number) for number in range(readers)]
        for reader in crowd:
            reader.stream.initial_metadata()
            reader.start()
        sender = chat_pb2_grpc.ChatServiceStub(sending)
        speakers = [threading.Thread(target=say, args=(sender, number, each)) for number in range(senders)]
        for speaker in speakers:
            speaker.start()
        for speaker in speakers:
            speaker.join()
        end = time.time() + 60
        while time.time() < end and any(len(reader.received) < senders * each for reader in crowd):
            time.sleep(0.05)
        # Whatever is given twice comes a little later.
        time.sleep(0.5)
        for reader in crowd:
            reader.stream.cancel()
        for reader in crowd:
            reader.join()
        print(json.dumps([reader.received for reader in crowd]))


main(sys.argv[1], *map(int, sys.argv[2:5]))
