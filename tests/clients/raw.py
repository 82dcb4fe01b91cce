"""Sends raw bytes over gRPC. Reads [{"method", "hex", "stream"}] and prints each one's status and first answer, as JSON."""

import json
import sys

import grpc


def same(data):
    return data


def call(channel, method, data, stream):
    try:
        if stream == "both ways":
            answer = next(channel.stream_stream(method, same, same)(iter([data]), timeout=20))
        elif stream:
            answer = next(channel.unary_stream(method, same, same)(data, timeout=20))
        else:
            answer = channel.unary_unary(method, same, same)(data, timeout=20)
        return {"code": "OK", "details": "", "hex": answer.hex()}
    except grpc.RpcError as error:
        return {"code": error.code().name, "details": error.details(), "hex": ""}


def main(address):
    with grpc.insecure_channel(address) as channel:
        print(json.dumps([
            call(channel, case["method"], bytes.fromhex(case["hex"]), case.get("stream", False))
            for case in json.load(sys.stdin)
        ]))


main(sys.argv[1])
