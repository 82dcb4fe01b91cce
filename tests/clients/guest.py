"""Two guests, with nothing but the generated stubs: single calls, then a session. Prints what they were told, as JSON."""

import json
import queue
import sys

import chat_pb2
import chat_pb2_grpc
import grpc


def refusal(call, *args, **kwargs):
    """The status and our own code of a call that must not succeed."""
    try:
        call(*args, timeout=20, **kwargs)
    except grpc.RpcError as error:
        return [error.code().name, dict(error.trailing_metadata()).get("chat-code")]
    return ["OK", None]


class Guest:
    """One who calls with a token."""

    def __init__(self, stub, name, token=""):
        self.stub = stub
        signed = stub.SignIn(chat_pb2.SignInRequest(name=name, token=token), timeout=20)
        self.token, self.principal = signed.token, signed.principal
        self.metadata = [("authorization", f"Bearer {signed.token}")]

    def __getattr__(self, method):
        return lambda request: getattr(self.stub, method)(request, timeout=20, metadata=self.metadata)

    def refusal(self, method, request):
        return refusal(getattr(self.stub, method), request, metadata=self.metadata)


class Session:
    """A session that waits for the reply to each command, and keeps the events that come beside it."""

    def __init__(self, stub, guest):
        self.frames = queue.Queue()
        self.call = stub.Session(iter(self.frames.get, None), timeout=60)
        self.events, self.last_id = [], 0
        self.person = self.ask(open=chat_pb2.Open(token=guest.token)).opened.person

    def ask(self, **command):
        self.last_id += 1
        self.frames.put(chat_pb2.ClientFrame(id=self.last_id, **command))
        return self.until(lambda frame: frame.id == self.last_id)

    def until(self, wanted):
        for frame in self.call:
            self.events += frame.batch.events
            if wanted(frame):
                return frame

    def close(self):
        self.frames.put(None)
        return self.call.code().name


def single_calls(stub, told):
    ann, bob = Guest(stub, "Ann"), Guest(stub, "Bob")
    told["key"] = ann.principal.key
    told["taken"] = refusal(stub.SignIn, chat_pb2.SignInRequest(name="ANN"))
    told["same"] = Guest(stub, "ann", ann.token).principal.id == ann.principal.id
    told["no token"] = refusal(stub.Say, chat_pb2.Send(text="hi"))
    room = ann.CreateRoom(chat_pb2.CreateRoom(room="attic", topic="tea"))
    told["room"] = [room.room, room.topic, room.creator, room.head]
    told["not yours"] = bob.refusal("ChangeRoom", chat_pb2.ChangeRoom(room="attic", topic="mine"))
    said = bob.Say(chat_pb2.Send(room="attic", text="hello", client_id="1"))
    again = bob.Say(chat_pb2.Send(room="attic", text="hello", client_id="1"))
    told["again"] = [again.seq == said.seq, again.duplicate]
    edited = bob.EditMessage(chat_pb2.Edit(room="attic", target=said.seq, text="hello @Ann"))
    ann.React(chat_pb2.React(room="attic", target=said.seq, emoji="👍"))
    told["not your text"] = ann.refusal("EditMessage", chat_pb2.Edit(room="attic", target=said.seq, text="x"))
    ann.MarkRead(chat_pb2.Mark(room="attic", seq=edited.seq))
    told["read"] = [ann.DescribeRoom(chat_pb2.DescribeRoom(room="attic")).read, edited.seq]
    told["rooms"] = [room.room for room in bob.ListRooms(chat_pb2.ListRooms()).rooms]
    page = bob.ReadHistory(chat_pb2.Read(room="attic", count=10))
    told["history"] = [event.WhichOneof("body") for event in page.events]
    told["text"] = [page.events[1].message.text, list(page.events[1].message.mentions)]
    return ann, bob


def sessions(stub, ann, bob, told):
    reader, writer = Session(stub, ann), Session(stub, bob)
    follow = chat_pb2.Follow(room="attic", replay=chat_pb2.REPLAY_NONE, person=reader.person)
    told["followed"] = reader.ask(follow=follow).followed.recovered
    reader.ask(presence=chat_pb2.Presence(room="attic", person=reader.person))
    sent = writer.ask(send=chat_pb2.Send(room="attic", person=writer.person, text="live")).sent
    edit = chat_pb2.Edit(room="attic", person=writer.person, target=sent.seq, text="edited live")
    writer.ask(edit=edit)
    deleted = writer.ask(delete=chat_pb2.Delete(room="attic", person=writer.person, target=sent.seq)).sent
    reader.until(lambda frame: any(event.seq == deleted.seq for event in frame.batch.events))
    told["live"] = [event.WhichOneof("body") for event in reader.events]
    told["seqs"] = [event.seq - sent.seq for event in reader.events]
    told["people"] = list(ann.ListPeople(chat_pb2.Who(room="attic")).names)
    told["refused"] = writer.ask(edit=edit).refused.code
    told["ends"] = [reader.close(), writer.close()]


def main(address):
    told = {}
    with grpc.insecure_channel(address) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        ann, bob = single_calls(stub, told)
        sessions(stub, ann, bob, told)
    print(json.dumps(told))


main(sys.argv[1])
