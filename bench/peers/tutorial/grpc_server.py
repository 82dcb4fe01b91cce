"""The tutorial's gRPC server, after its description: ten threads, messages in a list, a queue for each stream."""
import queue
import sys
import threading
from concurrent import futures
from datetime import datetime, timezone

import chat_pb2
import chat_pb2_grpc
import grpc


class ChatService(chat_pb2_grpc.ChatServiceServicer):
    def __init__(self):
        self.messages = []
        self.streams = []
        self.lock = threading.Lock()

    def SendMessage(self, request, context):
        request.timestamp = datetime.now(timezone.utc).isoformat()
        with self.lock:
            self.messages.append(request)
            for stream in self.streams:
                stream.put(request)
        return chat_pb2.ChatResponse(success=True, message="Message sent")

    def StreamMessages(self, request, context):
        stream = queue.Queue()
        with self.lock:
            history = self.messages[-100:]
            self.streams.append(stream)
        try:
            yield from history
            while context.is_active():
                try:
                    yield stream.get(timeout=1)
                except queue.Empty:
                    pass
        finally:
            with self.lock:
                self.streams.remove(stream)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
chat_pb2_grpc.add_ChatServiceServicer_to_server(ChatService(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(f"listening on {port}", flush=True)
server.wait_for_termination()
