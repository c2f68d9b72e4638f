// A member of a consumer group from the .proto files alone: prints each record, commits it, hands over, survives restarts of the server.
//
// Usage: node member.js ADDRESS GROUP TOPIC PROTO_DIRECTORY..., with @grpc/grpc-js and @grpc/proto-loader on NODE_PATH.
'use strict';

const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, group, topic, ...includeDirs] = process.argv.slice(2);
const { leat } = grpc.loadPackageDefinition(loader.loadSync('leat/v1/group.proto', { includeDirs, longs: String }));
const service = new leat.v1.GroupService(address, grpc.credentials.createInsecure());
const join = { group, topics: [topic], sessionTimeoutMs: 5000, clientName: 'node' };

function consume() {
  const stream = service.Consume();
  stream.write({ join });
  stream.on('data', ({ joined, records, revoked }) => {
    if (joined) join.resume = { memberId: joined.memberId, memberEpoch: joined.memberEpoch };
    if (records) {
      const { position, chunk } = records;
      chunk.records.records.forEach(({ value }, index) =>
        console.log(`${position.partition || 0} ${Number(chunk.baseOffset || 0) + index} ${value}`));
      stream.write({ commit: { positions: [position] } });
    }
    if (revoked && revoked.deadlineMs) stream.write({ release: { positions: revoked.positions } });
  });
  stream.on('error', (error) => {
    if (error.code === grpc.status.ABORTED) delete join.resume; // Not a member any more: join as a new one.
    else if (error.code !== grpc.status.UNAVAILABLE) throw error;
    setTimeout(consume, 200);
  });
}

consume();
