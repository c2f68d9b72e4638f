"""An idempotent producer from generated stubs alone: each line of its input is one record, in the log once, however often it is started with
the same input, killed, or cut off. Then a conditional append marks the end, unless somebody was faster.

Usage: producer.py ADDRESS TOPIC NAME, with the directory of the generated stubs on PYTHONPATH.
"""

import sys
import time

import grpc
from leat.v1 import log_pb2 as pb, log_pb2_grpc, record_pb2

address, topic, name = sys.argv[1:]
log = log_pb2_grpc.LogServiceStub(grpc.insecure_channel(address))
UNKNOWN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED)


def until_answered(method, request):
    """Sends the same again until there is an answer: with a sequence that appends once."""
    while True:
        try:
            return method(request, timeout=10)
        except grpc.RpcError as error:
            if error.code() not in UNKNOWN:
                raise
            time.sleep(0.1)


producer = until_answered(log.InitProducer, pb.InitProducerRequest(topic=topic, name=name))
done = next((p.last_sequence + 1 for p in producer.partitions if p.partition == 0), 0)
for number, line in enumerate(sys.stdin.buffer):
    if number < done:
        continue  # An earlier life of this producer appended it.
    who = pb.ProducerSequence(producer_id=producer.producer_id, producer_epoch=producer.producer_epoch, base_sequence=number)
    records = record_pb2.RecordSet(records=[record_pb2.Record(value=line.rstrip(b"\n"))])
    part = until_answered(log.Produce, pb.ProduceRequest(topic=topic, partition=0, sequence=who, records=records)).parts[0]
    print(part.base_offset, "again" if part.duplicate else "", flush=True)
end = record_pb2.RecordSet(records=[record_pb2.Record(value=b"end")])
log.Produce(pb.ProduceRequest(topic=topic, partition=0, records=end, expected_offset=part.base_offset + 1))
