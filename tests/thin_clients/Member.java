// A member of a consumer group from generated stubs alone: prints each record, commits it, hands over, survives restarts of the server.
//
// Usage: java Member ADDRESS GROUP TOPIC, with the generated stubs, protobuf and grpc-netty on the class path.

import dev.leat.v1.*;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.locks.LockSupport;

public class Member implements StreamObserver<ConsumeResponse> {
  static GroupServiceGrpc.GroupServiceStub stub;
  static Join.Builder join;
  final StreamObserver<ConsumeRequest> commands = stub.consume(this);

  public static void main(String[] args) throws InterruptedException {
    stub = GroupServiceGrpc.newStub(NettyChannelBuilder.forTarget(args[0]).usePlaintext().build());
    join = Join.newBuilder().setGroup(args[1]).addTopics(args[2]).setSessionTimeoutMs(5000).setClientName("java");
    new Member().send(ConsumeRequest.newBuilder().setJoin(join));
    Thread.currentThread().join();
  }

  void send(ConsumeRequest.Builder command) { commands.onNext(command.build()); }

  public void onNext(ConsumeResponse event) {
    var joined = event.getJoined();
    if (event.hasJoined()) join.getResumeBuilder().setMemberId(joined.getMemberId()).setMemberEpoch(joined.getMemberEpoch());
    if (event.hasRecords()) {
      long offset = event.getRecords().getChunk().getBaseOffset();
      for (var record : event.getRecords().getChunk().getRecords().getRecordsList())
        System.out.println(event.getRecords().getPosition().getPartition() + " " + offset++ + " " + record.getValue().toStringUtf8());
      send(ConsumeRequest.newBuilder().setCommit(Commit.newBuilder().addPositions(event.getRecords().getPosition())));
    }
    if (event.getRevoked().getDeadlineMs() > 0)
      send(ConsumeRequest.newBuilder().setRelease(Release.newBuilder().addAllPositions(event.getRevoked().getPositionsList())));
  }

  public void onError(Throwable error) { // ABORTED: not a member any more, join as a new one.
    if (Status.fromThrowable(error).getCode() == Status.Code.ABORTED) join.clearResume();
    LockSupport.parkNanos(200_000_000);
    new Member().send(ConsumeRequest.newBuilder().setJoin(join));
  }

  public void onCompleted() {} // Comes after Leave.
}
