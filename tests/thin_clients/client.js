// A whole Leat client from the .proto files alone: creates a topic, produces, reads back, and sees a typed error.
//
// Usage: node client.js ADDRESS PROTO_DIRECTORY..., with @grpc/grpc-js and @grpc/proto-loader on NODE_PATH.
'use strict';

const assert = require('node:assert');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const TOPIC = 'node-orders';
const [address, ...includeDirs] = process.argv.slice(2);
const options = { includeDirs, longs: String, enums: String, defaults: true, oneofs: true };
const definition = loader.loadSync(
  ['leat/v1/topic.proto', 'leat/v1/log.proto', 'google/rpc/status.proto', 'google/rpc/error_details.proto'],
  options);
const { leat } = grpc.loadPackageDefinition(definition);
const credentials = grpc.credentials.createInsecure();
const topics = new leat.v1.TopicService(address, credentials);
const log = new leat.v1.LogService(address, credentials);

const call = (client, method, request) => new Promise((resolve, reject) =>
  client[method](request, (error, response) => (error ? reject(error) : resolve(response))));

const collect = (stream) => new Promise((resolve, reject) => {
  const messages = [];
  stream.on('data', (message) => messages.push(message)).on('error', reject).on('end', () => resolve(messages));
});

const records = [
  { key: Buffer.from('k1'), value: Buffer.from('first'), headers: [] },
  {
    value: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    headers: [{ name: 'h', value: Buffer.from('1') }, { name: 'h' }],
    timestampDeltaMs: '-5',
  },
  { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [] },
];

// The reason of the one google.rpc.ErrorInfo that every error carries.
function errorReason(error) {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const { details } = definition['google.rpc.Status'].deserialize(bytes);
  const detail = details.find((any) => any.type_url.endsWith('/google.rpc.ErrorInfo'));
  const { reason, domain } = definition['google.rpc.ErrorInfo'].deserialize(detail.value);
  assert.strictEqual(domain, 'leat');
  return reason;
}

async function main() {
  const { topic } = await call(topics, 'CreateTopic', { topic: TOPIC, partitionCount: 2 });
  assert.strictEqual(topic.partitionCount, 2);

  const produced = await call(log, 'Produce', { topic: TOPIC, partition: 1, records: { records } });
  assert.strictEqual(produced.parts[0].baseOffset, '0');
  assert.strictEqual(produced.parts[0].durability, 'DURABILITY_SYNCED');

  const stream = log.ProduceStream();
  const answers = collect(stream);
  for (let number = 0; number < 100; ++number) {
    stream.write({
      requestId: number,
      produce: { topic: TOPIC, partition: 1, records: { records: [{ value: Buffer.from(`${number}`) }] } },
    });
  }
  stream.end();
  assert.deepStrictEqual((await answers).map((answer) => answer.produced.parts[0].baseOffset),
    Array.from({ length: 100 }, (_, number) => `${number + 3}`));

  const messages = await collect(log.Read({ topic: TOPIC, partitions: [{ partition: 1 }], end: { latest: {} } }));
  assert.strictEqual(messages.at(-1).event, 'endOfRange');
  const got = messages.filter((message) => message.event === 'chunk').flatMap((message) => message.chunk.records.records);
  assert.strictEqual(got.length, 103);
  assert.deepStrictEqual(got[1].value, records[1].value);
  assert.ok(got[2].key !== undefined && got[1].key === undefined, 'null and empty must differ');

  await assert.rejects(call(log, 'Produce', { topic: 'nowhere', records: { records } }), (error) => {
    assert.strictEqual(error.code, grpc.status.NOT_FOUND);
    assert.strictEqual(errorReason(error), 'TOPIC_NOT_FOUND');
    return true;
  });
  console.log('node: created, produced, streamed, read, and saw TOPIC_NOT_FOUND');
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
