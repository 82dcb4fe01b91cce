"""Many readers on one channel and many senders on another. Prints what each reader was given, as JSON."""

import asyncio
import json
import sys

import chat_pb2
import chat_pb2_grpc
import grpc


async def read(stub, number, count, ready):
    stream = stub.StreamMessages(chat_pb2.StreamRequest(username=f"reader {number}"), timeout=120)
    await stream.initial_metadata()
    ready.set()
    received = []
    async for message in stream:
        received.append(message.message)
        if len(received) >= count:
            break
    # Whatever is given twice comes a little later.
    try:
        received.append((await asyncio.wait_for(stream.read(), 0.5)).message)
    except asyncio.TimeoutError:
        pass
    stream.cancel()
    return received


async def say(stub, sender, each):
    for number in range(each):
        message = chat_pb2.ChatMessage(username=f"sender {sender}", message=f"{sender}:{number}")
        answer = await stub.SendMessage(message, timeout=60)
        assert answer.success


async def main(address, readers, senders, each):
    async with grpc.aio.insecure_channel(address) as reading, grpc.aio.insecure_channel(address) as sending:
        stub = chat_pb2_grpc.ChatServiceStub(reading)
        ready = [asyncio.Event() for _ in range(readers)]
        count = senders * each
        tasks = [asyncio.ensure_future(read(stub, i, count, ready[i])) for i in range(readers)]
        await asyncio.gather(*(event.wait() for event in ready))
        sender = chat_pb2_grpc.ChatServiceStub(sending)
        await asyncio.gather(*(say(sender, i, each) for i in range(senders)))
        print(json.dumps(await asyncio.gather(*tasks)))


asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:5])))
