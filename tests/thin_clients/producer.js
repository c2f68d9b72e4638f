// An idempotent producer from the .proto files alone: each line of its input is one record, in the log once, however often it is started with
// the same input, killed, or cut off. Then a conditional append marks the end, unless somebody was faster.
//
// Usage: node producer.js ADDRESS TOPIC NAME PROTO_DIRECTORY..., with @grpc/grpc-js and @grpc/proto-loader on NODE_PATH.
'use strict';
const fs = require('node:fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, topic, name, ...includeDirs] = process.argv.slice(2);
const { leat } = grpc.loadPackageDefinition(loader.loadSync('leat/v1/log.proto', { includeDirs, longs: String, defaults: true }));
const log = new leat.v1.LogService(address, grpc.credentials.createInsecure());
const UNKNOWN = [grpc.status.UNAVAILABLE, grpc.status.UNKNOWN, grpc.status.DEADLINE_EXCEEDED];
const call = (method, request) => new Promise((resolve, reject) =>
  log[method](request, { deadline: Date.now() + 10_000 }, (error, answer) => (error ? reject(error) : resolve(answer))));

// Sends the same again until there is an answer: with a sequence that appends once.
const untilAnswered = (method, request) => call(method, request).catch(async (error) => {
  if (!UNKNOWN.includes(error.code)) throw error;
  await new Promise((resolve) => setTimeout(resolve, 100));
  return untilAnswered(method, request);
});

async function main() {
  const { producerId, producerEpoch, partitions } = await untilAnswered('InitProducer', { topic, name });
  const known = partitions.find(({ partition }) => partition === 0);
  let next = 0;
  for (const [baseSequence, value] of fs.readFileSync(0, 'utf8').trimEnd().split('\n').entries()) {
    if (known && baseSequence <= known.lastSequence) continue; // An earlier life of this producer appended it.
    const sequence = { producerId, producerEpoch, baseSequence };
    const records = { records: [{ value: Buffer.from(value) }] };
    const { parts: [part] } = await untilAnswered('Produce', { topic, partition: 0, sequence, records });
    console.log(part.baseOffset, part.duplicate ? 'again' : '');
    next = Number(part.baseOffset) + 1;
  }
  await call('Produce', { topic, partition: 0, records: { records: [{ value: Buffer.from('end') }] }, expectedOffset: next });
}

main().then(() => process.exit(0), (error) => { console.error(error.details); process.exit(1); });
