"""A client of Session that uses nothing but the generated stubs. Reads a room and comes back with its cursor.

Arguments: address, name, how many events to read, seconds of silence after which the server is taken for dead.
Prints "ready", then what it was given, as JSON.
"""

import json
import queue
import random
import sys
import threading
import time

import chat_pb2
import chat_pb2_grpc
import grpc

address, name, wanted, silence = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
seen, cursor, resets, sessions = [], None, 0, 0


def sign_in():
    with grpc.insecure_channel(address) as channel:
        return chat_pb2_grpc.ChatServiceStub(channel).SignIn(chat_pb2.SignInRequest(name=name), timeout=20).token


def commands(frames):
    while (frame := frames.get()) is not None:
        yield frame


def watch(call, last, frames):
    """Says something every few seconds, and ends a call on which nothing was heard."""
    while call.is_active():
        time.sleep(silence / 5)
        frames.put(chat_pb2.ClientFrame(heartbeat=chat_pb2.Heartbeat()))
        if time.monotonic() - last[0] > silence:
            call.cancel()


def take(batch):
    global cursor
    for event in batch.events:
        expected = cursor.seq + 1 if cursor else 1
        assert event.seq == expected, f"event {event.seq} came where {expected} was due"
        cursor = chat_pb2.Cursor(epoch=batch.epoch, seq=event.seq)
        seen.append(event.message.text)


def session(token):
    """One session, until it ends. True if all was read."""
    global cursor, resets, sessions
    frames = queue.Queue()
    with grpc.insecure_channel(address) as channel:
        call = chat_pb2_grpc.ChatServiceStub(channel).Session(commands(frames))
        last = [time.monotonic()]
        threading.Thread(target=watch, args=(call, last, frames), daemon=True).start()
        frames.put(chat_pb2.ClientFrame(id=1, open=chat_pb2.Open(token=token)))
        try:
            for frame in call:
                last[0] = time.monotonic()
                kind = frame.WhichOneof("frame")
                if kind == "opened":
                    person = frame.opened.person
                    follow = chat_pb2.Follow(replay=chat_pb2.REPLAY_RESUME, after=cursor, person=person)
                    frames.put(chat_pb2.ClientFrame(id=2, follow=follow))
                elif kind == "followed":
                    sessions += 1
                    if sessions == 1:
                        print("ready", flush=True)
                    resets += not frame.followed.recovered
                    cursor = chat_pb2.Cursor(epoch=frame.followed.epoch, seq=frame.followed.after)
                elif kind == "batch":
                    take(frame.batch)
                    if len(seen) >= wanted:
                        return True
                elif kind == "parting":
                    time.sleep(frame.parting.delay_ms / 1000)
                elif kind == "refused":
                    raise SystemExit(f"refused: {frame.refused.code} {frame.refused.message}")
        except grpc.RpcError:
            pass
        finally:
            frames.put(None)
            call.cancel()
    return False


token, tries = sign_in(), 0
while not session(token):
    tries += 1
    time.sleep(random.random() * min(5, 0.2 * 2**tries))
print(json.dumps({"texts": seen, "resets": resets, "sessions": sessions}))
