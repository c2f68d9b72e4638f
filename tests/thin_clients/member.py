"""A member of a consumer group from generated stubs alone: prints each record, commits it, hands over, survives restarts of the server.

Usage: member.py ADDRESS GROUP TOPIC, with the directory of the generated stubs on PYTHONPATH.
"""

import queue
import sys
import time

import grpc
from leat.v1 import group_pb2 as pb, group_pb2_grpc

address, group, topic = sys.argv[1:]
stub = group_pb2_grpc.GroupServiceStub(grpc.insecure_channel(address))
join = pb.Join(group=group, topics=[topic], session_timeout_ms=5000, client_name="python")
while True:
    commands = queue.SimpleQueue()
    commands.put(pb.ConsumeRequest(join=join))
    try:
        for message in stub.Consume(iter(commands.get, None)):
            event = message.WhichOneof("event")
            if event == "joined":
                join.resume.member_id = message.joined.member_id
                join.resume.member_epoch = message.joined.member_epoch
            elif event == "records":
                position, chunk = message.records.position, message.records.chunk
                for index, record in enumerate(chunk.records.records):
                    print(position.partition, chunk.base_offset + index, record.value.decode(), flush=True)
                commands.put(pb.ConsumeRequest(commit=pb.Commit(positions=[position])))
            elif event == "revoked" and message.revoked.deadline_ms > 0:
                commands.put(pb.ConsumeRequest(release=pb.Release(positions=message.revoked.positions)))
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.ABORTED:  # Not a member any more: join as a new one.
            join.ClearField("resume")
        elif error.code() != grpc.StatusCode.UNAVAILABLE:
            raise
    commands.put(None)
    time.sleep(0.2)
