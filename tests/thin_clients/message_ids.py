"""Records that are known by an id, from generated stubs alone: each line of its input is one, the first word its id, and is in the log once,
however often and by however many it is sent, in whatever company.

Usage: message_ids.py ADDRESS TOPIC, with the directory of the generated stubs on PYTHONPATH.
"""

import itertools
import sys
import time

import grpc
from leat.v1 import log_pb2 as pb, log_pb2_grpc, record_pb2, topic_pb2, topic_pb2_grpc

address, topic = sys.argv[1:]
channel = grpc.insecure_channel(address)
log = log_pb2_grpc.LogServiceStub(channel)
UNKNOWN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED)


def until_answered(method, request):
    """Sends the same again until there is an answer: what has an id is appended once."""
    while True:
        try:
            return method(request, timeout=10)
        except grpc.RpcError as error:
            if error.code() not in UNKNOWN:
                raise
            time.sleep(0.1)


# Records go where their ids say; a retry must find the same partitions, even if some were added meanwhile.
count = until_answered(topic_pb2_grpc.TopicServiceStub(channel).GetTopic, topic_pb2.GetTopicRequest(topic=topic)).topic.partition_count
while lines := [line.rstrip(b"\n") for line in itertools.islice(sys.stdin.buffer, 10)]:
    headers = ([record_pb2.Header(name="leat-message-id", value=line.split()[0])] for line in lines)
    records = [record_pb2.Record(value=line, headers=header) for line, header in zip(lines, headers)]
    request = pb.ProduceRequest(topic=topic, partition_count=count, records=record_pb2.RecordSet(records=records))
    for part in until_answered(log.Produce, request).parts:
        offsets = part.record_offsets.offsets or range(part.base_offset, part.base_offset + part.record_count)
        print(part.partition, *offsets, "again" if part.duplicate else "", flush=True)
