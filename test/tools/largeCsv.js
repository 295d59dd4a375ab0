// Reads a CSV file of so many megabytes, which it makes while it reads, and prints how fast and in how much memory:
//
//     node test/tools/largeCsv.js 1000
//
// The rows have numbers, and texts with quotes, line breaks and letters of two bytes. Chunks end anywhere.

import { readCsv } from "../../dist/table.js";

const MEGABYTE = 1e6;
const CHUNK = 65_521;

const bytes = Number(process.argv[2] ?? 50) * MEGABYTE;
let made = 0;

/** Rows whose first cells are 0, 1, 2 …: at least `bytes` bytes. */
function* chunks() {
  const encoder = new TextEncoder();
  let text = "number,price,text,comment\r\n";
  for (let row = 0; made < bytes; row++) {
    text += `${row},${row % 1000}.25,"é ""${row}""\r\n, and more",${"x".repeat(row % 50)}\r\n`;
    if (text.length < CHUNK) continue;
    const chunk = encoder.encode(text);
    made += chunk.length;
    text = "";
    yield chunk.subarray(0, 30_001);
    yield chunk.subarray(30_001);
  }
}

const begun = performance.now();
let count = 0;
for await (const { rows } of readCsv(chunks())) {
  for (const [number, , text] of rows) {
    if (Number(number) !== count || text !== `é "${count}"\r\n, and more`) {
      throw new Error(`Row ${count} is wrong: ${number}, ${text}`);
    }
    count++;
  }
}
const seconds = (performance.now() - begun) / 1000;
console.log(
  JSON.stringify({
    megabytes: Math.round(made / MEGABYTE),
    rows: count,
    seconds: Number(seconds.toFixed(1)),
    rowsPerSecond: Math.round(count / seconds),
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
