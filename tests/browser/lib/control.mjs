import assert from 'node:assert/strict';
import { connect } from 'node:net';

/** Has the harness do something to the service or its Redis; answers when it is done. */
export function control(command) {
  const [host, port] = process.env.CONTROL.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write(`${command}\n`));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', reject);
    socket.on('end', () => {
      assert.equal(answer.trim().split(' ')[0], 'ok', `${command}: ${answer}`);
      resolve(answer.trim().slice(3));
    });
  });
}
