// Records that are known by an id, from the .proto files alone: each line of its input is one, the first word its id, and is in the log once,
// however often and by however many it is sent, in whatever company.
//
// Usage: node message_ids.js ADDRESS TOPIC PROTO_DIRECTORY..., with @grpc/grpc-js and @grpc/proto-loader on NODE_PATH.
'use strict';
const fs = require('node:fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, topic, ...includeDirs] = process.argv.slice(2);
const files = ['leat/v1/log.proto', 'leat/v1/topic.proto'];
const { leat } = grpc.loadPackageDefinition(loader.loadSync(files, { includeDirs, longs: String, defaults: true }));
const log = new leat.v1.LogService(address, grpc.credentials.createInsecure());
const topics = new leat.v1.TopicService(address, grpc.credentials.createInsecure());
const UNKNOWN = [grpc.status.UNAVAILABLE, grpc.status.UNKNOWN, grpc.status.DEADLINE_EXCEEDED];
const call = (service, method, request) => new Promise((resolve, reject) =>
  service[method](request, { deadline: Date.now() + 10_000 }, (error, answer) => (error ? reject(error) : resolve(answer))));

// Sends the same again until there is an answer: what has an id is appended once.
const untilAnswered = (service, method, request) => call(service, method, request).catch(async (error) => {
  if (!UNKNOWN.includes(error.code)) throw error;
  await new Promise((resolve) => setTimeout(resolve, 100));
  return untilAnswered(service, method, request);
});

async function main() {
  // Records go where their ids say; a retry must find the same partitions, even if some were added meanwhile.
  const { topic: { partitionCount } } = await untilAnswered(topics, 'GetTopic', { topic });
  const lines = fs.readFileSync(0, 'utf8').trimEnd().split('\n');
  for (let at = 0; at < lines.length; at += 10) {
    const records = lines.slice(at, at + 10).map((line) => (
      { value: Buffer.from(line), headers: [{ name: 'leat-message-id', value: Buffer.from(line.split(' ')[0]) }] }));
    const { parts } = await untilAnswered(log, 'Produce', { topic, partitionCount, records: { records } });
    for (const part of parts) console.log(part.partition, part.baseOffset, part.duplicate ? 'again' : '');
  }
}

main().then(() => process.exit(0), (error) => { console.error(error.details); process.exit(1); });
