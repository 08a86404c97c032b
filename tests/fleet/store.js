// SPDX-License-Identifier: Apache-2.0
//
// A stand-in for ClickHouse's HTTPS interface: the same engine, below a server that does what senders rely on.
//
//   - Who has no certificate of the fleet's authority is not heard.
//   - X-ClickHouse-User must be the name in the certificate. A sender may insert lines, and nothing else.
//   - POST /?query=...: the query, with the body behind it. It is answered 200 when it is done; any error is another
//     status, with the engine's words.
//   - Lines that come while another insert is under way are inserted together.
//
// A signal USR2 makes the process end behind the next insert, before that is answered.
//
// usage: store.js ENGINE DATA ADDRESS PORT CERTIFICATES NAME ADMINISTRATOR
'use strict';
const fs = require('fs');
const https = require('https');

const [engine, data, address, port, certificates, name, administrator] = process.argv.slice(2);
const {Session} = require(engine);
const session = new Session(data);
const kSenderMay = 'INSERT INTO rand_guard.incoming (line) FORMAT LineAsString';
const kInsertMax = 16 << 20;  // bytes

let endUnanswered = false;
process.on('SIGUSR2', () => { endUnanswered = true; });

function answer(response, status, text) {
  response.writeHead(status, {'Content-Type': 'text/plain; charset=UTF-8'});
  response.end(text);
}

// What waits to be done: a question, or lines of a sender.
const waiting = [];
let busy = false;

// Takes the next question, or all lines that have come meanwhile as one insert, as async_insert does.
async function work() {
  if (busy || waiting.length === 0) return;
  busy = true;
  const taken = [waiting.shift()];
  if (taken[0].lines) {
    for (let bytes = 0; waiting.length > 0 && waiting[0].lines && bytes < kInsertMax;) {
      taken.push(waiting.shift());
      bytes += taken.at(-1).body.length;
    }
  }
  try {
    const {query, parameters} = taken[0];
    const whole = [query, ...taken.map(({body}) => body.toString().replace(/\n$/, ''))].join('\n') + '\n';
    const options = {format: 'JSONEachRow'};
    const result = Object.keys(parameters).length === 0 ? await session.queryAsync(whole, options)
                                                        : await session.queryBindAsync(whole, parameters, options);
    if (endUnanswered && taken[0].lines) process.kill(process.pid, 'SIGKILL');
    for (const {response} of taken) answer(response, 200, result.text());
  } catch (error) {
    for (const {response} of taken) answer(response, 500, `${error.message}\n`);
  }
  busy = false;
  work();
}

function serve(request, response, body) {
  const given = new URL(request.url, 'https://store').searchParams;
  const query = given.get('query') ?? '';
  const user = request.headers['x-clickhouse-user'];
  const peer = request.socket.getPeerCertificate().subject?.CN;
  if (user !== peer) return answer(response, 403, `Code: 516. ${peer} is not ${user}. (AUTHENTICATION_FAILED)\n`);
  const lines = query === kSenderMay;
  if (peer !== administrator && !lines) {
    return answer(response, 403, `Code: 497. ${peer}: Not enough privileges. (ACCESS_DENIED)\n`);
  }
  const parameters = Object.fromEntries(
      [...given].filter(([key]) => key.startsWith('param_')).map(([key, value]) => [key.slice('param_'.length), value]));
  waiting.push({query, parameters, body, lines, response});
  work();
}

const server = https.createServer(
    {
      ca: fs.readFileSync(`${certificates}/authority.pem`),
      cert: fs.readFileSync(`${certificates}/${name}.pem`),
      key: fs.readFileSync(`${certificates}/${name}.key`),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    (request, response) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => serve(request, response, Buffer.concat(parts)));
    });
server.keepAliveTimeout = 60000;
server.listen(Number(port), address);
