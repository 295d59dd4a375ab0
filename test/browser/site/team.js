/**
 * Watches the next worker that joins a team: when it has joined, how many threads took part in the team's last call,
 * and when the worker has ended.
 */
export function watchTeam() {
  const { postMessage } = Worker.prototype;
  let words;
  let end;
  const ended = new Promise((resolve) => {
    end = resolve;
  });
  Worker.prototype.postMessage = function (assignment, ...rest) {
    const { memory, team } = assignment;
    words = () => new Int32Array(memory.buffer, team);
    this.addEventListener("message", end);
    Worker.prototype.postMessage = postMessage;
    postMessage.call(this, assignment, ...rest);
  };
  // The layout of assembly/threads/team.ts: the call, and at byte 128 the number of workers that have joined.
  const joined = () => Atomics.load(words(), 128 / 4);
  const threads = () => Atomics.load(words(), 0) & 0xff;
  const assemble = async () => {
    while (joined() < 1) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  return { assemble, threads, ended };
}
