"""A whole Leat client from generated stubs alone: creates a topic, produces, reads back, and sees a typed error.

Usage: client.py ADDRESS, with the directory of the generated stubs on PYTHONPATH.
"""

import sys

import grpc
from google.rpc import error_details_pb2, status_pb2
from leat.v1 import log_pb2, log_pb2_grpc, record_pb2, topic_pb2, topic_pb2_grpc

TOPIC = "python-orders"


def records():
    """Three records that differ in what clients get wrong: null, empty and binary fields, repeated header names."""
    return [
        record_pb2.Record(key=b"k1", value=b"first"),
        record_pb2.Record(
            value=bytes(range(256)),
            timestamp_delta_ms=-5,
            headers=[record_pb2.Header(name="h", value=b"1"), record_pb2.Header(name="h")],
        ),
        record_pb2.Record(key=b"", value=b""),
    ]


def error_reason(error):
    """The reason of the one google.rpc.ErrorInfo that every error carries."""
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    assert info.domain == "leat", info
                    return info.reason
    raise AssertionError(f"no ErrorInfo in {error}")


def main(address):
    channel = grpc.insecure_channel(address)
    topics = topic_pb2_grpc.TopicServiceStub(channel)
    log = log_pb2_grpc.LogServiceStub(channel)

    created = topics.CreateTopic(topic_pb2.CreateTopicRequest(topic=TOPIC, partition_count=2)).topic
    assert created.partition_count == 2 and created.topic_id, created

    produced = log.Produce(
        log_pb2.ProduceRequest(
            topic=TOPIC,
            partition=1,
            base_timestamp_ms=1_700_000_000_000,
            records=record_pb2.RecordSet(records=records()),
        )
    )
    part = produced.parts[0]
    assert (part.base_offset, part.record_count) == (0, 3), produced
    assert part.durability == record_pb2.DURABILITY_SYNCED, produced

    # A stream of requests, answered in order.
    requests = (
        log_pb2.ProduceStreamRequest(
            request_id=number,
            produce=log_pb2.ProduceRequest(
                topic=TOPIC,
                partition=1,
                records=record_pb2.RecordSet(records=[record_pb2.Record(value=b"%d" % number)]),
            ),
        )
        for number in range(100)
    )
    answers = list(log.ProduceStream(requests))
    assert [answer.request_id for answer in answers] == list(range(100))
    assert [answer.produced.parts[0].base_offset for answer in answers] == list(range(3, 103))

    # Read everything there is, then stop.
    read = log_pb2.ReadRequest(
        topic=TOPIC,
        partitions=[log_pb2.PartitionRead(partition=1)],
        end=log_pb2.Position(latest=log_pb2.Position.Latest()),
    )
    got, ended = [], False
    for message in log.Read(read):
        if message.WhichOneof("event") == "chunk":
            assert message.chunk.base_offset == len(got), message
            got.extend(message.chunk.records.records)
            assert message.next_offset == len(got), message
        ended = message.WhichOneof("event") == "end_of_range"
    assert ended and got[:3] == records() and len(got) == 103, (ended, len(got))
    assert got[2].HasField("key") and not got[1].HasField("key"), "null and empty must differ"

    fetched = log.Fetch(
        log_pb2.FetchRequest(topic=TOPIC, partitions=[log_pb2.PartitionFetch(partition=1, offset=102)])
    )
    assert fetched.events[0].chunk.records.records[0].value == b"99", fetched

    try:
        log.Produce(log_pb2.ProduceRequest(topic="nowhere", records=record_pb2.RecordSet(records=records())))
        raise AssertionError("an unknown topic was accepted")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND, error
        assert error_reason(error) == "TOPIC_NOT_FOUND"
    print("python: created, produced, streamed, read, fetched, and saw TOPIC_NOT_FOUND")


if __name__ == "__main__":
    main(sys.argv[1])
