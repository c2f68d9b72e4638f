"""Apache Kafka from Maven Central, one broker, driven by its own ProducerPerformance, ConsumerPerformance and EndToEndLatency."""

import contextlib
import pathlib
import random
import string

from entry import Entry
from process import Failed, directory, found, free_port, output_of, server

VERSION = "4.3.0"
HERE = pathlib.Path(__file__).resolve().parent
TOOLS = "org.apache.kafka.tools."
PARTITIONS = 4
REPLAY_BYTES = 4 << 30

# Records a second that are expected, by bytes of a record, in the page cache and flushing every batch: how many to begin with, and to
# warm up the tool's virtual machine with each time.
EXPECTED = {1024: (150_000, 30_000), 100: (500_000, 150_000)}
WARM_UP_SECONDS = 3

# Memory is touched before it is measured: the first touch of a page costs microseconds in a virtual machine.
SERVER_JVM = ["java", "-Xms2g", "-Xmx2g", "-XX:+AlwaysPreTouch"]
TOOL_JVM = ["java", "-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch"]

SERVER = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
socket.send.buffer.bytes=4194304
socket.receive.buffer.bytes=4194304
log.segment.delete.delay.ms=100
"""

PRODUCER = [
    "acks=1",
    "batch.size=1048576",
    "linger.ms=10",
    "buffer.memory=134217728",
    # Several batches of 1 MiB in a request: the default holds one.
    "max.request.size=16777216",
    "send.buffer.bytes=4194304",
    "receive.buffer.bytes=4194304",
]
CONSUMER = ["fetch.min.bytes=1048576", "max.partition.fetch.bytes=4194304", "receive.buffer.bytes=4194304"]


def fetch(cache):
    """The jars, below the cache; fetched when they are not there yet."""
    jars = cache / f"kafka-{VERSION}"
    if not jars.is_dir():
        half = cache / f"kafka-{VERSION}.part"
        output_of(["mvn", "--batch-mode", "--quiet", "--strict-checksums", "--file", str(HERE / "kafka.xml"),
                   f"-Dkafka.version={VERSION}", f"-DoutputDirectory={half}", "dependency:copy-dependencies"], 600)  # fmt: skip
        half.rename(jars)
    return jars


class Broker:
    """A running broker and its load tools."""

    def __init__(self, jars, port, scratch):
        self.classpath = f"{jars}/*"
        self.address = f"127.0.0.1:{port}"
        self.scratch = scratch
        self.topics = 0

    def tool(self, name, *arguments, jvm=()):
        return output_of([*(jvm or ["java"]), "-cp", self.classpath, TOOLS + name, *arguments])

    def create_topic(self, partitions, *settings):
        """The name of a new topic."""
        self.topics += 1
        name = f"bench-{self.topics}"
        configuration = [word for setting in settings for word in ("--config", setting)]
        self.tool("TopicCommand", "--bootstrap-server", self.address, "--topic", name, "--create", "--partitions", str(partitions),
                  *configuration)  # fmt: skip
        return name

    def delete_topic(self, name):
        self.tool("TopicCommand", "--bootstrap-server", self.address, "--topic", name, "--delete")

    def payload(self, record_bytes):
        """A file of 1,000 records to draw from: the tool makes random ones byte by byte, which takes longer than sending them."""
        path = self.scratch / f"payload-{record_bytes}"
        if not path.exists():
            letters = random.Random(1).choices(string.ascii_letters, k=1000 * record_bytes)
            lines = ("".join(letters[i : i + record_bytes]) for i in range(0, len(letters), record_bytes))
            path.write_text("".join(line + "\n" for line in lines))
        return str(path)

    def produce(self, topic, record_bytes, count, warm_up):
        """Records a second of `count`, behind as many as warm up the tool's virtual machine."""
        output = self.tool(
            "ProducerPerformance", "--bootstrap-server", self.address, "--topic", topic, "--throughput", "-1",
            "--num-records", str(count + warm_up), "--warmup-records", str(warm_up), "--payload-file", self.payload(record_bytes),
            "--command-property", *PRODUCER, jvm=TOOL_JVM)  # fmt: skip
        found(rf"(?m)^{count + warm_up} records sent", output)
        return float(found(r"steady state records sent, ([\d.]+) records/sec", output)[1])

    def consume(self, topic, count):
        """Bytes a second, without the time that joining the group took."""
        output = self.tool(
            "ConsumerPerformance", "--bootstrap-server", self.address, "--topic", topic, "--num-records", str(count),
            "--hide-header", "--fetch-size", "4194304", "--command-property", *CONSUMER, jvm=TOOL_JVM)  # fmt: skip
        # Start, end, MB, MB/s, records, records/s, then the time that joining the group took, that of reading, and MB/s of that.
        fields = found(r"(?m)^[^,]*(?:,[^,]*){3}, (\d+)(?:,[^,]*){3}, ([\d.]+),[^,]*$", output)
        if int(fields[1]) < count:
            raise Failed(f"Kafka's consumer saw {fields[1]} records of {count}")
        return float(fields[2]) * (1 << 20)

    def round_trips(self, topic, record_bytes, count):
        """Seconds from sending a record until it is consumed, one at a time. The tool cuts its percentiles to whole milliseconds."""
        output = self.tool("EndToEndLatency", self.address, topic, str(count), "1", str(record_bytes), jvm=TOOL_JVM)
        latency = found(r"Avg latency: ([\d.]+) ms\s.*99th = (\d+)", output)
        return {"mean": float(latency[1]) / 1e3, "p99": int(latency[2]) / 1e3}


@contextlib.contextmanager
def broker(place):
    jars = fetch(place.cache)
    with directory(place.data, "kafka") as scratch:
        port, controller_port = free_port(), free_port()
        settings = scratch / "server.properties"
        settings.write_text(SERVER.format(port=port, controller_port=controller_port, data=scratch / "data"))
        java = [*SERVER_JVM, "-cp", f"{jars}/*"]
        output_of([*java, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", str(settings)])
        with server([*java, "kafka.Kafka", str(settings)], port, scratch / "log"):
            yield Broker(jars, port, scratch)


def produce_turn(kafka, record_bytes, expected, *settings):
    """Turns of about so many seconds: the tool takes a count, which the rate of the turn before gives."""
    rate = float(expected)

    def turn(seconds):
        nonlocal rate
        topic = kafka.create_topic(PARTITIONS, *settings)
        rate = kafka.produce(topic, record_bytes, int(rate * seconds), expected * WARM_UP_SECONDS)
        kafka.delete_topic(topic)
        return {"bytes/s": rate * record_bytes, "records/s": rate}

    return turn


def produce(record_bytes):
    def enter(place, stack):
        kafka = stack.enter_context(broker(place))
        cached, flushed = EXPECTED[record_bytes]
        return [
            Entry(f"Kafka {VERSION}, {PARTITIONS} partitions", "page cache", produce_turn(kafka, record_bytes, cached)),
            Entry(f"Kafka {VERSION}, {PARTITIONS} partitions, flushing every batch", "flushed",
                  produce_turn(kafka, record_bytes, flushed, "flush.messages=1")),
        ]  # fmt: skip

    return enter


def replay(record_bytes):
    def enter(place, stack):
        kafka = stack.enter_context(broker(place))
        topic = kafka.create_topic(PARTITIONS)
        count = REPLAY_BYTES // record_bytes
        kafka.produce(topic, record_bytes, count // 2, count - count // 2)
        return [Entry(f"Kafka {VERSION}, {PARTITIONS} partitions", "read from the page cache",
                      lambda seconds: {"bytes/s": kafka.consume(topic, count)})]  # fmt: skip

    return enter


def round_trips(record_bytes):
    def enter(place, stack):
        kafka = stack.enter_context(broker(place))
        topic = kafka.create_topic(1)
        return [Entry(f"Kafka {VERSION}", "page cache",
                      lambda seconds: kafka.round_trips(topic, record_bytes, int(2000 * seconds)))]  # fmt: skip

    return enter


MEASURES = {
    "produce_1k": produce(1024),
    "produce_100": produce(100),
    "replay_1k": replay(1024),
    "e2e_1k": round_trips(1024),
}
