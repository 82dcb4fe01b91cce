"""The tutorial's bridge, after its description: FastAPI, `/ws/{username}`, and a gRPC stream for each browser."""
import asyncio
import os
import socket

import chat_pb2
import chat_pb2_grpc
import grpc
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


@app.websocket("/ws/{username}")
async def chat(websocket: WebSocket, username: str):
    await websocket.accept()
    async with grpc.aio.insecure_channel(os.environ["CHAT_ADDRESS"]) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)

        async def deliver():
            async for one in stub.StreamMessages(chat_pb2.StreamRequest(username=username)):
                await websocket.send_json(
                    {"username": one.username, "message": one.message, "timestamp": one.timestamp}
                )

        delivering = asyncio.create_task(deliver())
        try:
            while True:
                said = await websocket.receive_json()
                await stub.SendMessage(chat_pb2.ChatMessage(username=username, message=said["message"]))
        except WebSocketDisconnect:
            pass
        finally:
            delivering.cancel()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
print(f"listening on {listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])
